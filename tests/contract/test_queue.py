"""Questions that wait, over HTTP."""

from tests.contract.conversing import Client
from tests.unit.chat.asking import gated
from tests.upstreams import Upstream, text

PUBLIC = {
    "id", "object", "conversation_id", "status", "content", "model", "attachments", "error",
    "turn_id", "created_at",
}  # fmt: skip


async def test_a_question_waits_is_listed_taken_back_and_asked(
    ann: Client, ben: Client, upstream: Upstream
) -> None:
    answer, (gate,) = gated("One", " and")
    upstream.answer("fast", answer, text("Two"))
    chat_id = await ann.new_chat(model="acme/fast")
    path = f"/conversations/{chat_id}/queue"

    status, first = await ann.call("POST", path, json={"content": "1?"})
    assert (status, first["status"], set(first)) == (202, "started", PUBLIC)
    refused = await ann.call("POST", f"/conversations/{chat_id}/turns", json={"content": "2?"})
    assert refused[1]["error"]["code"] == "turn_running"
    status, second = await ann.call("POST", path, json={"content": "2?", "model": "acme/slow"})
    assert (status, second["status"], second["turn_id"]) == (202, "waiting", None)
    _, third = await ann.call("POST", path, json={"content": "3?"})
    _, listed = await ann.call("GET", path)
    assert (listed["object"], listed["data"]) == ("list", [second, third])

    for method, address in (("GET", path), ("DELETE", f"{path}/{second['id']}")):
        assert (await ben.call(method, address))[0] == 404
    for address in (path, f"{path}/send"):
        assert (await ben.call("POST", address, json={"content": "2?"}))[0] == 404
    assert (await ann.call("POST", path, json={"content": "?", "parent_id": "x"}))[0] == 400
    assert (await ann.call("POST", path, json={"content": "?", "model": "acme/x"}))[0] == 404
    assert (await ann.call("POST", f"{path}/send"))[1]["error"]["code"] == "turn_running"

    removed = await ann.call("DELETE", f"{path}/{second['id']}")
    assert removed == (
        200,
        {"id": second["id"], "object": "queued_question.deleted", "deleted": True},
    )
    assert (await ann.call("DELETE", f"{path}/{second['id']}"))[0] == 404
    await ann.call("POST", f"/turns/{first['turn_id']}/cancel")
    gate.open()
    status, sent = await ann.call("POST", f"{path}/send")
    assert (status, sent["object"], sent["status"]) == (202, "turn", "running")
    events = [event async for event in ann.events("GET", f"/turns/{sent['id']}/events")]
    assert events[-1].data == "[DONE]"
    _, messages = await ann.call("GET", f"/conversations/{chat_id}/messages")
    assert [one["content"] for one in messages["data"]][2:] == ["3?", "Two"]
    assert (await ann.call("POST", f"{path}/send"))[0] == 404
