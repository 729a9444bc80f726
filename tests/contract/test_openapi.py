"""Every operation of our OpenAPI document, called with generated arguments, keeps its word."""

import json
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy, booleans
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.loopback import NO_TLS
from tests.running import PortalProcess

EXAMPLES = 6  # an operation and a way to call it
PARTS = 4  # of the operations, so that several workers share them
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


AnyCase = schemathesis.Case[Any]


@dataclass(frozen=True)
class Api:
    """A portal that serves all examples of this module, and its document."""

    server: PortalProcess
    document: Any


@pytest.fixture(scope="module")
def api(process: PortalProcess) -> Api:
    return Api(process, schemathesis.openapi.from_url(f"{process.url}/api/openapi.json"))


@pytest.mark.timeout(600)  # many operations are one test
@pytest.mark.parametrize("part", range(PARTS))
def test_each_operation_answers_as_documented(
    api: Api, subtests: pytest.Subtests, part: int
) -> None:
    for result in islice(api.document.get_all_operations(), part, None, PARTS):
        operation = result.ok()
        for mode in schemathesis.GenerationMode:
            # Where nothing can be wrong with a call, there are no negative cases.
            is_bad = mode is schemathesis.GenerationMode.NEGATIVE
            may_lack = suppress(Unsatisfiable) if is_bad else nullcontext()
            with subtests.test(operation.label, mode=mode.value), may_lack:
                _explore(api.server, operation.as_strategy(mode))


def _explore(server: PortalProcess, cases: SearchStrategy[AnyCase]) -> None:
    """Call an operation with generated arguments; raise where an answer is not as documented.

    Half of the calls are for a conversation, a message, a turn, a response or a model that there is.
    """

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
        derandomize=True,
        database=None,
    )
    @given(case=cases, is_real=booleans())
    def explore(case: AnyCase, is_real: bool) -> None:
        if is_real:
            _make_real(case, server)
        answer = case.call_and_validate(headers=server.headers, checks=CHECKS, timeout=10)
        if answer.status_code >= 400:
            assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        assert "x-request-id" in answer.headers

    explore()


def _make_real(case: AnyCase, server: PortalProcess) -> None:
    """Put things that exist in the place of generated names."""
    names = set(case.path_parameters or ())
    if names & {"conversation_id", "turn_id"}:
        with httpx.Client(
            verify=NO_TLS, base_url=f"{server.url}/api/v1", headers=server.headers
        ) as client:
            conversation_id = client.post("/conversations", json={}).json()["id"]
            question = {"content": "Hi", "model": "acme/fast"}
            events = client.post(f"/conversations/{conversation_id}/turns", json=question).text
        first = next(line for line in events.splitlines() if line.startswith("data: "))
        started = json.loads(first.removeprefix("data: "))
        real = {
            "conversation_id": conversation_id,
            "turn_id": started["turn_id"],
            "message_id": started["assistant_message_id"],
        }
        known = {name: real[name] for name in names & real.keys()}
        case.path_parameters = {**case.path_parameters, **known}
    if "response_id" in names:
        with httpx.Client(
            verify=NO_TLS, base_url=f"{server.url}/api/v1", headers=server.headers
        ) as client:
            made = client.post("/responses", json={"model": "acme/fast", "input": "Hi"}).json()
        case.path_parameters = {**case.path_parameters, "response_id": made["id"]}
    if isinstance(case.body, dict) and "model" in case.body:
        case.body["model"] = "acme/fast"
