# Everything about this repository in a few commands; `make` alone lists them.
# Needs a POSIX shell, make and Python 3.11 or newer; all else goes into .venv/.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
CODE := aiportal pages tools tests docs app.py
GENERATED := docs/*.md .env.example
TOOL_PATH := tests/unit/tools/shipped/box

.PHONY: help run notebook test hostile check bench bench-litellm bench-pages bench-tools faults clients fmt docs lock clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## install, fetch the embedded model, serve, print the address and the sign-in link
	$(BIN)/aiportal serve

notebook: $(VENV)/.installed ## the quickstart in a Jupyter beside the portal
	$(UV) pip install --quiet --python $(BIN)/python 'ipython>=8.12' 'pandas>=2.3' jupyterlab
	$(BIN)/jupyter lab notebooks/01_quickstart.ipynb

test: $(VENV)/.installed-dev ## all tests, Chromium included
	$(BIN)/python -m tests.system_parts
	$(BIN)/aiportal models pull
	$(BIN)/pytest -n 3 --dist worksteal

hostile: $(VENV)/.installed-dev ## of `test` the hostile programs alone, some 500, against the running sandbox
	$(BIN)/pytest tests/hostile_tools

check: $(VENV)/.installed-dev ## format, lint, types, imports, generated docs, locks, sizes
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	@for tool in tools/*/; do echo "mypy $$tool"; (cd $$tool && MYPYPATH=$(CURDIR)/$(TOOL_PATH) \
		$(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml \
		--cache-dir $(CURDIR)/.mypy_cache *.py) || exit 1; done
	$(BIN)/lint-imports --no-cache
	$(BIN)/cog --check -I docs $(GENERATED)
	$(BIN)/python -m tests.locks
	$(BIN)/pytest -qq tests/test_project.py

bench: $(VENV)/.installed-dev ## throughput and latency beside a bare relay
	$(BIN)/python -m tests.performance.bench

bench-litellm: $(VENV)/.installed-dev ## throughput beside LiteLLM's proxy, which is installed for it
	$(BIN)/python -m tests.performance.litellm_proxy

bench-pages: $(VENV)/.installed-dev ## what the web app costs: page weight, streaming, fifty sessions at once
	$(BIN)/python -m tests.performance.pages

bench-tools: $(VENV)/.installed-dev ## what a call in the sandbox takes, in both tiers
	$(BIN)/python -m tests.performance.tools

faults: $(VENV)/.installed-dev ## a minute of calls to deployments that refuse, hang and fail
	$(BIN)/python -m tests.performance.faults

clients: $(VENV)/.installed-dev ## the newest SDKs of Python and node against the portal, installed for it
	$(BIN)/python -m tests.clients

fmt: $(VENV)/.installed-dev ## format and fix what can be fixed by itself
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs: $(VENV)/.installed-dev ## write the generated parts of the docs anew
	$(BIN)/cog -r -I docs $(GENERATED)

lock: $(VENV)/.installed-dev ## resolve pyproject.toml's dependencies (UPGRADE=1 takes newer releases)
	$(BIN)/python -m tests.locks --write $(if $(UPGRADE),--upgrade)

clean: ## remove the environment and all caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# The installer and the build backend, then everything else with hashes: uv needs seconds where pip
# needs minutes.
$(VENV)/.base: requirements-build.lock
	@python=$$(for name in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3; do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
		then echo $$name; break; fi; done); \
	if [ -z "$$python" ]; then \
		echo "AI Portal needs Python 3.11 or newer, and none was found. Install one, or name it: make run PYTHON=/path/to/python3" >&2; \
		exit 1; fi; \
	if ! $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$$python has no 'venv' module. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; fi; \
	[ -x $(BIN)/python ] || $$python -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-build.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.base requirements.lock pyproject.toml
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.base requirements-dev.lock pyproject.toml
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.installed
