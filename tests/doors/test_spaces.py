"""`python app.py` where Hugging Face runs it: read-only, uid 1000, behind a proxy that speaks https."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doors.space import HOST, SPACE, Space, sandboxed
from tests.loopback import NO_TLS

PASSWORD = "Space-Password-1"
# What the proxy of a Space adds, and a browser.
FROM_OUTSIDE = {"host": HOST, "x-forwarded-proto": "https", "origin": f"https://{HOST}"}
QUESTION = "What is the capital of France? Answer in one sentence."


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory, weights_cache: Path) -> Iterator[Space]:
    folder = tmp_path_factory.mktemp("space")
    with Space(folder, weights_cache=weights_cache, password=PASSWORD) as space:
        yield space


@pytest.fixture
def browser(space: Space) -> Iterator[httpx.Client]:
    with httpx.Client(
        verify=NO_TLS, base_url=space.url, headers=FROM_OUTSIDE, timeout=60
    ) as browser:
        yield browser


@pytest.fixture
def admin(browser: httpx.Client) -> httpx.Client:
    """Signed in. The cookie is for https only, so that it has to be passed on by hand here."""
    answer = browser.post("/login", data={"username": "admin", "password": PASSWORD})
    browser.headers["cookie"] = answer.headers["set-cookie"].partition(";")[0]
    return browser


def test_a_space_is_ready(browser: httpx.Client) -> None:
    assert browser.get("/health/ready").json()["status"] == "ready"


def test_a_stranger_sees_the_sign_in_page(browser: httpx.Client) -> None:
    assert browser.get("/login").status_code == 200
    away = browser.get("/", headers={"accept": "text/html"})
    assert (away.status_code, away.headers["location"].partition("?")[0]) == (303, "/login")
    assert browser.get("/v1/models").status_code == 401


def test_the_cookie_goes_to_a_frame_of_another_site_by_https_only(browser: httpx.Client) -> None:
    answer = browser.post("/login", data={"username": "admin", "password": PASSWORD})
    assert answer.status_code == 303
    attributes = answer.headers["set-cookie"].lower()
    for attribute in ("secure", "httponly", "samesite=none", "partitioned"):
        assert attribute in attributes


def test_hugging_face_may_show_it_in_a_frame(browser: httpx.Client) -> None:
    rules = browser.get("/login").headers["content-security-policy"]
    (frames,) = [rule for rule in rules.split("; ") if rule.startswith("frame-ancestors")]
    assert "https://huggingface.co" in frames
    assert "x-frame-options" not in browser.get("/login").headers


def test_the_page_asks_for_everything_by_https(admin: httpx.Client) -> None:
    page = admin.get("/", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert f"https://{HOST}" in page.text
    assert f"http://{HOST}" not in page.text


def test_a_call_from_another_site_with_the_cookie_is_refused(admin: httpx.Client) -> None:
    answer = admin.post("/v1/chat/completions", json={}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_the_embedded_model_answers(admin: httpx.Client) -> None:
    messages = [{"role": "user", "content": QUESTION}]
    body = {"model": "local/smollm2-135m-instruct", "messages": messages, "temperature": 0}
    answer = admin.post("/v1/chat/completions", json=body)
    assert "Paris" in answer.json()["choices"][0]["message"]["content"]


def test_no_file_can_be_left_as_long_as_no_tab_takes_one(admin: httpx.Client) -> None:
    answer = admin.post("/gradio_api/upload", files={"files": ("note.txt", b"Paris")})
    assert answer.status_code == 404


def test_the_log_has_no_sign_in_link_where_there_is_a_password(
    space: Space, browser: httpx.Client
) -> None:
    assert browser.get("/health").status_code == 200
    assert "/login/link" not in space.log
    assert PASSWORD not in space.log


def test_with_nothing_writable_but_the_data_folder_there_is_a_temporary_folder() -> None:
    script = (
        "import tempfile; from pathlib import Path; "
        "from aiportal.settings import ensure_temporary_folder as ensure; "
        "ensure(Path('/home')); print(tempfile.gettempdir())"
    )
    environment = {**SPACE, "HOME": "/nowhere"}
    command = sandboxed(sys.executable, "-c", script, environment=environment, writable=("/home",))
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert shown.stdout.strip() == "/home/tmp"
