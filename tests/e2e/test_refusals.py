"""Gradio's functions, called by their index: who is not meant gets nothing and changes nothing."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from aiportal.settings import Settings
from tests.e2e.chat import answers, ask, rows, send, stop
from tests.e2e.gradio_client import GradioClient
from tests.e2e.people import People
from tests.upstreams import Upstream, chunk, hang, stream, text

OpenChat = Callable[..., Page]

GETS = (
    "/config",
    "/gradio_api/info",
    "/gradio_api/queue/data?session_hash=x",
    "/gradio_api/file=x",
)
POSTS = (
    "/gradio_api/queue/join",
    "/gradio_api/run/predict",
    "/gradio_api/run/send",
    "/gradio_api/call/send",
    "/gradio_api/upload",
    "/gradio_api/component_server",
)

# What events carry besides ids.
STOLEN = {
    "title": "Stolen",
    "text": "Stolen",
    "action": "archive",
    "project": "",
    "tag": "",
    "tags": ["Stolen"],
    "archived": "",
    "name": "Stolen",
    "instructions": "",
    "model": "",
}


@dataclass(frozen=True)
class Known:
    """What another user might have learned: ids of a finished chat, and a turn that is running."""

    chat_id: str
    question_id: str
    answer_id: str
    turn_id: str


@pytest.fixture
def clients(portal_url: str) -> Iterator[Callable[[str | None], GradioClient]]:
    made: list[GradioClient] = []

    def make(cookie: str | None) -> GradioClient:
        made.append(GradioClient(portal_url, cookie))
        return made[-1]

    yield make
    for client in made:
        client.close()


def _values(function: Mapping[str, Any], config: Mapping[str, Any], known: Known) -> list[Any]:
    """Inputs for a function that name another user's things wherever something can be named."""
    by_label = {
        "Chat": known.chat_id,
        "Leaf": known.answer_id,
        "Shown": "50",
        "Turn": known.turn_id,
        "Clock": "0",
    }
    components = {one["id"]: one for one in config["components"]}
    values: list[Any] = []
    for identifier in function["inputs"]:
        component = components[identifier]
        label = component["props"].get("label")
        if component["type"] == "textbox":
            values.append(by_label.get(label, "Stolen words"))
        elif component["type"] == "number":
            values.append(None)
        else:
            values.append({"picked": "acme/fast", "groups": []})
    return values


def test_a_stranger_can_call_no_function(
    clients: Callable[..., GradioClient], people: People
) -> None:
    functions = clients(people.next().cookie).functions()
    assert len(functions) >= 12
    stranger = clients(None)
    for function in functions:
        assert stranger.join(function["id"], [None] * 20, {"id": "x"}).status_code == 401
    for path in GETS:
        assert stranger.status(path) == 401, path
    for path in POSTS:
        assert stranger.post(path, {"data": [], "fn_index": 0}).status_code == 401, path


def test_the_events_of_a_page_are_its_users_alone(
    clients: Callable[..., GradioClient], people: People
) -> None:
    owner, other = clients(people.next().cookie), clients(people.next().cookie)
    assert owner.join(owner.functions()[0]["id"], [], None).status_code in {200, 400, 422}
    session = {"session_hash": owner.session_hash}
    assert other.status(f"/gradio_api/queue/data?session_hash={owner.session_hash}") == 404
    assert other.status(f"/gradio_api/heartbeat/{owner.session_hash}") == 404
    twice = f"/gradio_api/queue/data?session_hash=own&session_hash={owner.session_hash}"
    assert other.status(twice) == 400
    no_numbers: list[object] = [[1], {}, "0", None]
    for index in no_numbers:
        assert other.post("/gradio_api/queue/join", {"fn_index": index}).status_code == 404, index
    for path in ("queue/join", "cancel", "reset"):
        body = session | {"fn_index": 0, "event_id": "x", "data": []}
        assert other.post(f"/gradio_api/{path}", body).status_code == 404, path


def test_what_the_web_app_does_not_use_is_not_there(
    clients: Callable[..., GradioClient], people: People
) -> None:
    client = clients(people.next().cookie)
    assert client.join(99_999, [], None).status_code == 404
    for path in ("upload", "call/send", "run/predict"):
        assert client.post(f"/gradio_api/{path}", {}).status_code == 404, path
    for path in ("/logout", "/openapi.json", "/login/"):
        assert client.status(path) in {404, 405}, path


def test_a_call_from_another_site_is_refused(
    clients: Callable[..., GradioClient], people: People
) -> None:
    client = clients(people.next().cookie)
    client.origin = "http://evil.example"

    function = clients(people.next().cookie).functions()[0]["id"]
    assert client.join(function, [], None).status_code == 401


def test_no_file_of_the_portal_can_be_had(
    clients: Callable[..., GradioClient], people: People, settings: Settings
) -> None:
    client = clients(people.next().cookie)
    database = settings.database_path
    uploads = settings.data_dir / "gradio"
    assert database.exists()
    for path in (database, f"{uploads}/../{database.name}", "pyproject.toml", "/etc/hostname"):
        assert client.status(f"/gradio_api/file={path}") in {403, 404}, path


def test_another_users_chat_can_be_neither_read_nor_changed_by_any_function(
    open_chat: OpenChat,
    clients: Callable[..., GradioClient],
    people: People,
    provider: Upstream,
) -> None:
    provider.answer("fast", text("The hidden answer."))
    page = open_chat()
    ask(page, "Ferns and whales")
    known = _known(page, provider)
    provider.answer("fast", text("For the intruder."))
    cookie = people.next().cookie
    intruder = clients(cookie)
    config = intruder.config()
    assert "Ferns" not in str(config)
    functions = intruder.functions()

    def try_all(client: GradioClient, event_id: str) -> None:
        event = {"id": event_id, "ids": [event_id], **STOLEN}
        for function in functions:
            came = client.call(function["id"], _values(function, config, known), event)
            assert "hidden answer" not in came, function
            assert "Ferns" not in came, function

    ids = (known.chat_id, known.question_id, known.answer_id, known.turn_id)
    intruders = [clients(cookie) for _ in ids]
    with ThreadPoolExecutor() as pool:  # at once: the running answer is cut off after a minute
        list(pool.map(try_all, intruders, ids))

    stranger = clients(None)
    for path in (f"turn/{known.turn_id}", f"comparison/{known.chat_id}/{known.question_id}"):
        assert intruder.status(f"/live/{path}") == 404, path
        assert stranger.status(f"/live/{path}") == 401, path

    expect(page.get_by_role("button", name="Stop")).to_be_visible()  # nobody has stopped it
    stop(page)
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    page.reload()
    expect(rows(page)).to_have_text(["Ferns and whales"])
    expect(answers(page).first).to_contain_text("The hidden answer.")
    expect(page.get_by_text("Stolen")).to_have_count(0)


def test_events_with_anything_in_them_leave_the_portal_up(
    clients: Callable[..., GradioClient], people: People
) -> None:
    client = clients(people.next().cookie)
    for function in client.functions():
        count = len(function["inputs"])
        for junk in ([None] * count, ["x" * 5000] * count, [{"picked": ["x"]}] * count):
            for event in (None, {"id": ["x"]}, {"id": "x\0", "title": "", "text": ""}):
                answer = client.join(function["id"], junk, event)
                assert answer.status_code in {200, 400, 422}, answer.text
    assert client.status("/health") == 200


def _known(page: Page, provider: Upstream) -> Known:
    """Start a second answer that hangs; all ids, as its owner can see them."""
    chat_id = page.url.partition("chat=")[2]
    provider.answer("fast", hang(*stream(chunk("Going on"))(provider.last())))
    send(page, "And then?")
    expect(answers(page).last).to_have_text("Going on")
    messages = page.request.get(f"/api/v1/conversations/{chat_id}/messages").json()["data"]
    running = next(one for one in messages if one["status"] == "running")
    question, answer, *_ = messages
    return Known(chat_id, question["id"], answer["id"], running["turn_id"])


def test_what_is_ended_before_it_has_an_id_is_no_error(
    clients: Callable[..., GradioClient], people: People
) -> None:
    client = clients(people.next().cookie)
    body = {"session_hash": "early", "fn_index": client.functions()[0]["id"]}
    for path in ("cancel", "reset"):
        assert client.post(f"/gradio_api/{path}", body).status_code == 200, path


def test_a_stream_of_which_nothing_is_to_come_ends_at_once(
    clients: Callable[..., GradioClient], people: People
) -> None:
    client = clients(people.next().cookie)
    client.call(client.functions()[0]["id"], [], None)
    assert '"msg":"close_stream"' in client.first_told(client.session_hash)
    # Where its events went to another process, the page is to know: it reloads.
    assert '"session_not_found":true' in client.first_told("unheard")
