"""Other programs' tools among ours: over HTTP, called through the portal's own address."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from aiportal.settings import Settings
from tests.running import AppServer, serving
from tests.upstreams import Upstream, answers
from tests.upstreams.calling import call, calling
from tests.upstreams.config import write_model_config
from tests.upstreams.mcp_servers import HostileServer, honest_server, serving_mcp
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "a-secret-of-the-test"


@dataclass
class Rig:
    """A portal, the folder of its tools, and the two servers."""

    portal: AppServer
    folder: Path
    honest: int
    hostile: HostileServer
    hostile_port: int
    late_port: int
    session: aiohttp.ClientSession
    upstream: Upstream
    cancelled: list[str] = field(default_factory=list)

    async def configure(self, **servers: Mapping[str, Any]) -> None:
        """Write the servers into the file, and have it read."""
        content = {"hotReload": False, "mcpServers": servers}
        await asyncio.to_thread((self.folder / "config.json").write_text, json.dumps(content))
        admin = await self.portal.portal.users.operator()
        await self.portal.portal.tools.reload(admin)
        await self.portal.portal.tools.list(admin)

    async def use_both(self, **fields: Any) -> None:
        await self.configure(honest=self.of_honest(), odd=self.of_hostile(**fields))

    def of_honest(self, **fields: Any) -> dict[str, Any]:
        return {"url": f"http://127.0.0.1:{self.honest}/mcp", **fields}

    def of_hostile(self, **fields: Any) -> dict[str, Any]:
        return {"url": f"http://127.0.0.1:{self.hostile_port}/mcp", **fields}

    async def get(self, path: str) -> Any:
        async with self.session.get(f"{self.portal.url}/v1{path}") as answer:
            return await answer.json()

    async def execute(self, tool_id: str, **parameters: Any) -> tuple[int, Any]:
        body = {"parameters": parameters}
        url = f"{self.portal.url}/v1/tools/{tool_id}/execute"
        async with self.session.post(url, json=body) as answer:
            return answer.status, await answer.json()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    folder = tmp_path_factory.mktemp("sources")
    tools = folder / "tools"
    (tools / "own").mkdir(parents=True)
    (tools / "own" / "config.json").write_text('{"id": "own"}')
    (tools / "own" / "controller.py").write_text("def run(parameters):\n    return 1\n")
    cancelled: list[str] = []
    hostile = HostileServer()
    async with AsyncExitStack() as stack:
        stack.enter_context(pytest.MonkeyPatch.context()).setenv("MCP_TEST_KEY", SECRET)
        honest = await stack.enter_async_context(serving_mcp(honest_server(cancelled)))
        upstream = stack.enter_context(Upstream())
        config = write_model_config(folder / "model_config", upstream.url)
        odd = await stack.enter_async_context(hostile.serving())
        async with HostileServer().serving() as late_port:
            pass  # so that it is free
        settings = Settings(
            port=0,
            data_dir=folder / "data",
            tools_dir=tools,
            model_config_dir=config,
            local_model="off",
            fetch_allow=(f"127.0.0.1:{honest}", f"127.0.0.1:{odd}", f"127.0.0.1:{late_port}"),
        )
        portal = await stack.enter_async_context(serving(settings))
        session = aiohttp.ClientSession(headers=portal.headers)
        await stack.enter_async_context(session)
        yield Rig(portal, tools, honest, hostile, odd, late_port, session, upstream, cancelled)


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def fresh(rig: Rig) -> None:
    rig.hostile.tools = [{"name": "tool", "inputSchema": {"type": "object"}}]
    rig.hostile.answer = None


async def test_a_servers_tools_are_offered_and_called(rig: Rig) -> None:
    await rig.configure(honest=rig.of_honest())
    found = {tool["id"]: tool for tool in (await rig.get("/tools"))["data"]}
    assert set(found) == {
        "own",
        *(f"honest__{name}" for name in ("add", "picture", "fails", "waits", "told")),
    }
    assert found["honest__add"]["description"] == "Add two numbers."
    assert found["honest__add"]["parameters"]["required"] == ["a", "b"]
    status, answer = await rig.execute("honest__add", a=1, b=2)
    assert (status, answer["success"], answer["result"]) == (200, True, {"sum": 3})
    status, answer = await rig.execute("honest__add", a="x")
    assert (status, answer["error"]["code"]) == (400, "invalid_arguments")
    _, answer = await rig.execute("honest__picture")
    assert [(one["name"], one["mime"]) for one in answer["artifacts"]] == [
        ("result-1.png", "image/png")
    ]
    _, answer = await rig.execute("honest__fails", words="no data")
    assert answer["error"]["type"] == "tool_error"
    assert "no data" in answer["error"]["message"]


async def test_what_the_file_says_of_a_server_counts(rig: Rig) -> None:
    await rig.configure(honest=rig.of_honest(allowedTools=["a*"], requiresApproval=True))
    found = {tool["id"]: tool for tool in (await rig.get("/tools"))["data"]}
    assert set(found) == {"own", "honest__add"}
    assert found["honest__add"]["requiresApproval"]
    status, asked = await rig.execute("honest__add", a=1, b=2)
    assert status == 202
    url = f"{rig.portal.url}/v1/tools/approvals/{asked['approvalId']}"
    async with rig.session.post(url, json={"approve": True}) as answer:
        assert (await answer.json())["result"] == {"sum": 3}
    await rig.configure(honest=rig.of_honest(enabled=False))
    assert [tool["id"] for tool in (await rig.get("/tools"))["data"]] == ["own"]
    await rig.configure(honest=rig.of_honest(access={"roles": ["admin"]}))
    admin = await rig.portal.portal.users.operator()
    await rig.portal.portal.users.create(admin, username="ben", password=None)
    key = (await rig.portal.portal.keys.create(admin, name="x", username="ben"))[1]
    async with aiohttp.ClientSession(headers={"X-API-Key": key}) as ben:
        async with ben.get(f"{rig.portal.url}/v1/tools") as answer:
            assert [tool["id"] for tool in (await answer.json())["data"]] == ["own"]
        async with ben.post(f"{rig.portal.url}/v1/tools/honest__add/execute", json={}) as answer:
            assert answer.status == 404


async def test_a_call_that_is_given_up_is_taken_back_at_the_server(rig: Rig) -> None:
    await rig.configure(honest=rig.of_honest())
    call = asyncio.ensure_future(rig.execute("honest__waits"))
    await until(lambda: rig.portal.portal.tools.running == 1)
    call.cancel()
    await asyncio.wait([call])
    await until(lambda: rig.portal.portal.tools.running == 0)
    await until(lambda: rig.cancelled == ["waits"])


async def test_secrets_come_from_the_environment_and_never_come_back(rig: Rig) -> None:
    headers = {"Authorization": "Bearer env:MCP_TEST_KEY"}
    await rig.use_both(headers=headers)

    async def echo(_: dict[str, Any]) -> Any:
        seen = rig.hostile.headers[-1]["authorization"]
        return {"content": [{"type": "text", "text": f"you sent {seen}"}]}

    rig.hostile.answer = echo
    status, answer = await rig.execute("odd__tool")
    assert status == 200
    assert rig.hostile.headers[-1]["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in json.dumps(answer)
    assert answer["result"].startswith("you sent")
    await rig.use_both(headers={"Authorization": "env:NO_SUCH_VARIABLE"})
    status, answer = await rig.execute("odd__tool")
    assert status == 404
    problems = rig.portal.portal.tools.problems_for(await rig.portal.portal.users.operator())
    assert any("NO_SUCH_VARIABLE" in str(problem) for problem in problems)


@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        ("rubbish", 502, "odd"),
        ("not-a-result", 502, "no result of a tool"),
        ("error", 502, "refuses: never"),
        ("huge", 502, "odd"),
        ("dies", 502, "odd"),
        ("hangs", 504, "has not answered within 0.5 s"),
    ],
)
async def test_a_server_that_answers_badly_is_one_clear_error(
    rig: Rig, what: str, status: int, words: str
) -> None:
    rig.hostile.answer = BAD[what]
    await rig.use_both(timeout=500 if what == "hangs" else 10_000)
    found, answer = await rig.execute("odd__tool")
    assert (found, words in answer["error"]["message"]) == (status, True), answer
    assert (await rig.execute("honest__add", a=1, b=2))[0] == 200
    rig.hostile.answer = _honestly
    await until(lambda: _works(rig))


async def _works(rig: Rig) -> bool:
    return (await rig.execute("odd__tool"))[0] == 200


async def _honestly(_: dict[str, Any]) -> Any:
    return {"content": [{"type": "text", "text": "[1, 2]"}]}


async def _rubbish(_: dict[str, Any]) -> Any:
    return web.Response(body=b"\x00\xff" * 100, content_type="application/json")


async def _no_result(_: dict[str, Any]) -> Any:
    return {"content": "text", "isError": []}


async def _error(message: dict[str, Any]) -> Any:
    error = {"code": -32000, "message": "never\n" * 2}
    return web.json_response({"jsonrpc": "2.0", "id": message["id"], "error": error})


async def _huge(_: dict[str, Any]) -> Any:
    return {"content": [{"type": "text", "text": "x" * (9 * 1024**2)}]}


async def _dies(_: dict[str, Any]) -> Any:
    raise web.HTTPInternalServerError


async def _hangs(_: dict[str, Any]) -> Any:
    await asyncio.Event().wait()


BAD = {
    "rubbish": _rubbish,
    "not-a-result": _no_result,
    "error": _error,
    "huge": _huge,
    "dies": _dies,
    "hangs": _hangs,
}


async def test_lies_about_tools_are_left_out_and_said(rig: Rig) -> None:
    rig.hostile.tools = [
        {
            "name": "good",
            "inputSchema": {"properties": {"p": {"type": "string", "pattern": "(a+)+$"}}},
        },
        {"name": "cyclic", "inputSchema": {"$ref": "#"}},
        {"name": "far", "inputSchema": {"properties": {"a": {"$ref": "http://127.0.0.1:1/x"}}}},
        {"name": "wrong", "inputSchema": {"properties": {"a": {"type": "nonsense"}}}},
        {"name": "odd name/with\u202e signs", "description": "a\u200bb" * 5_000},
        {"name": "n" * 100, "inputSchema": {}},
    ]
    for tool in rig.hostile.tools:
        tool.setdefault("inputSchema", {})
        tool["inputSchema"].setdefault("type", "object")
    await rig.use_both()
    found = {tool["id"]: tool for tool in (await rig.get("/tools"))["data"]}
    odd = [one for one in found if one.startswith("odd__")]
    assert sorted(odd)[0] == "odd__good"
    assert len(odd) == 3
    assert all(len(one) <= 64 for one in odd)
    assert len(found["odd__odd_name_with__signs"]["description"]) == 4_000
    assert "\u200b" not in found["odd__odd_name_with__signs"]["description"]
    rig.hostile.answer = _honestly
    assert (await rig.execute("odd__good", p="a" * 40 + "!"))[0] == 200  # no backtracking for good
    problems = rig.portal.portal.tools.problems_for(await rig.portal.portal.users.operator())
    told = " ".join(map(str, problems))
    assert all(name in told for name in ("'cyclic'", "'far'", "'wrong'"))


async def test_what_is_inside_is_not_reached_unless_it_is_allowed(rig: Rig) -> None:
    seen = HostileServer()
    async with seen.serving() as port:
        await rig.configure(
            inside={"url": f"http://127.0.0.1:{port}/mcp"},
            file={"url": "file:///etc/passwd"},
            metadata={"url": "http://169.254.169.254/mcp"},
        )
        assert [tool["id"] for tool in (await rig.get("/tools"))["data"]] == ["own"]
    assert seen.methods == []
    problems = rig.portal.portal.tools.problems_for(await rig.portal.portal.users.operator())
    assert sum("AIPORTAL_FETCH_ALLOW" in str(one) for one in problems) == 2


async def test_a_server_that_comes_late_is_found_and_its_tools_wait_while_it_is_away(
    rig: Rig,
) -> None:
    url = f"http://127.0.0.1:{rig.late_port}/mcp"
    await rig.configure(late={"url": url}, honest=rig.of_honest())
    assert (await rig.execute("honest__add", a=1, b=2))[0] == 200
    assert (await rig.execute("late__tool"))[0] == 404
    late = HostileServer()
    late.answer = _honestly

    async def works() -> bool:
        return (await rig.execute("late__tool"))[0] == 200

    async def is_away() -> bool:
        status, answer = await rig.execute("late__tool")
        return status == 503 and "cannot be used" in answer["error"]["message"]

    async with late.serving(rig.late_port):
        await until(works)
    await until(is_away)


async def test_a_changed_list_is_noticed_after_a_call_that_failed(rig: Rig) -> None:
    await rig.use_both()
    rig.hostile.tools = [{"name": "other", "inputSchema": {"type": "object"}}]
    assert (await rig.execute("odd__tool"))[0] == 502
    rig.hostile.answer = _honestly

    async def renamed() -> bool:
        ids = {tool["id"] for tool in (await rig.get("/tools"))["data"]}
        return "odd__other" in ids and "odd__tool" not in ids

    await until(renamed)
    assert (await rig.execute("odd__other"))[1]["result"] == [1, 2]
    assert (await rig.execute("odd__tool"))[0] == 404


async def test_a_model_calls_a_servers_tool_in_chat(rig: Rig) -> None:
    await rig.configure(honest=rig.of_honest())
    rig.upstream.answer(
        "fast",
        calling(call("honest__add", "a", a=20, b=22)),
        answers.text("It is 42."),
    )
    body = {
        "model": "acme/fast",
        "messages": [{"role": "user", "content": "What is 20 and 22?"}],
        "tools": {"enabled": True, "allowedTools": ["honest__add"]},
    }
    async with rig.session.post(f"{rig.portal.url}/v1/chat/completions", json=body) as answer:
        found = await answer.json()
    assert found["choices"][0]["message"]["content"] == "It is 42."
    called, returned = found["tool_events"]
    assert (called["tool_id"], called["arguments"]) == ("honest__add", {"a": 20, "b": 22})
    assert returned["result"]["sum"] == 42
    assert "sum" in rig.upstream.last().json["messages"][-1]["content"]


async def test_a_key_in_the_file_is_in_no_problem(rig: Rig) -> None:
    bad = {"url": "http://x.example/", "command": "x", "headers": {"Authorization": SECRET}}
    await rig.configure(honest=bad)
    problems = rig.portal.portal.tools.problems_for(await rig.portal.portal.users.operator())
    assert any("either `url` or `command`" in str(problem) for problem in problems)
    assert SECRET not in str(problems)


async def test_a_servers_tool_has_no_folder_to_be_read_or_written(rig: Rig) -> None:
    await rig.configure(honest=rig.of_honest())
    url = f"{rig.portal.url}/api/admin/tools/honest__add"
    draft = {"config": {"id": "honest__add"}, "controller": "def run(p):\n    return p\n"}
    for method, path, body in (
        ("PATCH", url, {"enabled": False}),
        ("GET", f"{url}/source", None),
        ("PUT", url, draft),
        ("PUT", url, draft | {"files": {}}),
    ):
        async with rig.session.request(method, path, json=body) as answer:
            told = (await answer.json())["error"]["message"]
        assert (method, answer.status, "MCP server" in told) == (method, 409, True)
    assert {one.name for one in rig.folder.iterdir()} == {"config.json", "own"}
