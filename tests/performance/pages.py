"""`python -m tests.performance.pages`: what the web app costs, about nine minutes.

In Chromium: how soon the page can be used and what it weighs, and how much of the browser's main
thread and of the server an answer takes that streams at the pace of a real model. Without a browser:
fifty pages at once, and what five hundred leave behind. Prints the figures beside their targets and
exits with 1 where one is missed.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles

import click
import psutil
import sqlite_utils
import uvloop
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from aiportal.accounts import COOKIE_NAME
from aiportal.portal import Portal
from aiportal.settings import Settings
from aiportal.timestamps import now_text
from tests.e2e.chat import send
from tests.e2e.conftest import FLAGS
from tests.performance.paced_upstream import BRIEFLY, PER_SECOND, TOKENS
from tests.performance.page_session import PageConfig, PageSession
from tests.performance.report import Finding, as_table, missed
from tests.processes import ServerProcess
from tests.running import PortalProcess
from tests.system_parts import chromium
from tests.upstreams import write_model_config

__all__ = ["main", "run_pages"]

USABLE_S, WEIGHT_KB = 2.0, 700.0
BROWSER_S, SERVER_S = 1.7, 0.6
SESSIONS = 50
ARRIVAL_S = 5.0  # less than an answer takes, so that all of them run at once
PAST_SESSIONS = 500
SLOWEST_RATIO = 1.5
SESSION_KB = 200.0
HISTORY = 200
LONG_CHAT = "conv_long"
LONG_ANSWER = "A few words of an **answer**, as long as they usually are. " * 34  # 2,000 characters
LOADS = 3
ROUNDS = 7
QUESTION = "How does a heat pump work?"
PATIENCE_MS = 60_000
_Findings = Awaitable[list[Finding]]


@contextmanager
def _portal(folder: Path) -> Iterator[tuple[PortalProcess, Sequence[str]]]:
    """A portal before a provider at the pace of a real model, and its users' session cookies."""
    folder.mkdir(exist_ok=True)
    with ServerProcess("tests.performance.paced_upstream", folder=folder) as provider:
        config = write_model_config(
            folder / "model_config", f"{provider.url}/v1", models=("paced",)
        )
        settings = Settings(
            data_dir=folder / "data",
            cache_dir=folder / "cache",
            model_config_dir=config,
            local_model="off",
            log_level="warning",
            chat_titles="off",
        )
        cookies = asyncio.run(_prepare(settings))
        with PortalProcess(settings) as portal:
            yield portal, cookies


async def _prepare(settings: Settings) -> list[str]:
    """A user for each session: one alone may not have that many answers running."""
    async with Portal.open(settings) as portal:
        operator = await portal.users.operator()
        await portal.database.write(partial(_insert_long_chat, user_id=operator.user_id))
        ids = [operator.user_id]
        for number in range(1, SESSIONS):
            user = await portal.users.create(
                operator, username=f"user{number}", name=f"User {number}", password=None
            )
            ids.append(user.id)
        return [await portal.sessions.create(user_id, user_agent="bench") for user_id in ids]


def _insert_long_chat(database: sqlite_utils.Database, *, user_id: str) -> None:
    at = now_text()
    database.table("conversations").insert(
        {"id": LONG_CHAT, "user_id": user_id, "title": "Long", "created_at": at, "updated_at": at}
    )
    database.table("messages").insert_all(
        {
            "id": f"msg_{place:04}",
            "conversation_id": LONG_CHAT,
            "parent_id": f"msg_{place - 1:04}" if place else None,
            "role": "assistant" if place % 2 else "user",
            "content": LONG_ANSWER if place % 2 else "And then?",
            "status": "done",
            "created_at": at,
        }
        for place in range(HISTORY)
    )


class _Server:
    """The portal's process and what is asked of it."""

    def __init__(self, portal: PortalProcess, cookies: Sequence[str]) -> None:
        self.url = portal.url
        self.cookies = cookies
        self._process = psutil.Process(portal.pid)

    def cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory_kb(self) -> float:
        return float(self._process.memory_info().rss / 1000)


class _InBrowser:
    """What is measured in Chromium."""

    def __init__(self, server: _Server, browser: Browser) -> None:
        self._server = server
        self._browser = browser

    def run(self) -> list[Finding]:
        """Page first, then the answers."""
        self._load()  # the server's own first time
        loads = [self._load() for _ in range(LOADS)]
        usable_s, weight_kb = median(load[0] for load in loads), loads[-1][1]
        browser_s, server_s = self._answer("/")
        long_browser_s, long_server_s = self._answer(f"/?chat={LONG_CHAT}")
        per_answer = f"{TOKENS} tokens at {PER_SECOND:g}/s"
        return [
            Finding("page usable, cold cache", usable_s, "s", USABLE_S),
            Finding("page weight, encoded", weight_kb, "kB", WEIGHT_KB),
            Finding(
                "an answer: browser's main thread", browser_s, "s", BROWSER_S, "most", per_answer
            ),
            Finding("an answer: server's processor", server_s, "s", SERVER_S, "most", per_answer),
            Finding(
                f"with {HISTORY} messages: browser / browser", long_browser_s / browser_s, "", 2
            ),
            Finding(f"with {HISTORY} messages: server / server", long_server_s / server_s, "", 2),
        ]

    @contextmanager
    def _page(self) -> Iterator[tuple[Page, CDPSession]]:
        context = self._browser.new_context(
            base_url=self._server.url, viewport={"width": 1440, "height": 900}
        )
        context.add_cookies(
            [{"name": COOKIE_NAME, "value": self._server.cookies[0], "url": self._server.url}]
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        yield page, context.new_cdp_session(page)
        context.close()

    def _load(self) -> tuple[float, float]:
        """Seconds until a question can be sent, and kB that came."""
        weights: list[float] = []
        with self._page() as (page, devtools):
            devtools.send("Network.enable")
            devtools.on(
                "Network.loadingFinished", lambda one: weights.append(one["encodedDataLength"])
            )
            began = time.perf_counter()
            page.goto("/")
            page.wait_for_selector("html[data-ready]")
            page.get_by_role("button", name="Send").wait_for()
            usable_s = time.perf_counter() - began
            page.wait_for_load_state("networkidle")
            return usable_s, sum(weights) / 1000

    def _answer(self, path: str) -> tuple[float, float]:
        """Seconds of the browser's main thread and of the server's processor that an answer takes."""
        with self._page() as (page, devtools):
            page.goto(path)
            page.wait_for_selector("html[data-ready]")
            devtools.send("Performance.enable")
            busy_s, cpu_s = _busy_s(devtools), self._server.cpu_s()
            send(page, QUESTION)
            page.locator(".mfoot", has_text=f"{TOKENS} out").wait_for()
            return _busy_s(devtools) - busy_s, self._server.cpu_s() - cpu_s


def _busy_s(devtools: CDPSession) -> float:
    found = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in found if one["name"] == "TaskDuration")


class _Sessions:
    """What is measured with pages that no browser shows."""

    def __init__(self, server: _Server, config: PageConfig) -> None:
        self._server = server
        self._config = config

    async def speed(self) -> list[Finding]:
        """To the first words, for one alone and for many at once."""
        await self._ask_at_once(over_s=ARRIVAL_S)  # the server's own first time
        rounds = [await self._round() for _ in range(ROUNDS)]
        usual = [median(alone) for alone, _ in rounds]
        slowest = [max(alone) for alone, _ in rounds]
        slowest_of_all = [max(at_once) for _, at_once in rounds]
        ninths = [_ninth(alone) for alone, _ in rounds]
        ninths_of_all = [_ninth(at_once) for _, at_once in rounds]
        return [
            Finding("first token alone: median", median(usual), "s"),
            _ratio("slowest alone / median alone", slowest, usual),
            _ratio("slowest at once / median alone", slowest_of_all, usual, bound=SLOWEST_RATIO),
            _ratio("slowest at once / slowest alone", slowest_of_all, slowest, bound=SLOWEST_RATIO),
            _ratio("ninth of ten at once / alone", ninths_of_all, ninths, bound=SLOWEST_RATIO),
        ]

    async def memory(self) -> list[Finding]:
        """While Gradio keeps the sessions that have gone, and when it keeps no more of them."""
        await self._ask_at_once(over_s=ARRIVAL_S)  # the server's own first time
        sizes_kb = [self._server.memory_kb()]
        for _ in range(2):
            for _ in range(PAST_SESSIONS // SESSIONS):
                await self._ask_at_once()
            sizes_kb.append(self._server.memory_kb())
        # The first of all were kept from the start on.
        a_session_kb = (sizes_kb[1] - sizes_kb[0]) / (PAST_SESSIONS - SESSIONS)
        percent = 100 * (sizes_kb[2] / sizes_kb[1] - 1)
        detail = ", ".join(f"{size / 1000:.0f} MB" for size in sizes_kb)
        return [
            Finding("memory a session", a_session_kb, "kB", SESSION_KB),
            Finding(f"{PAST_SESSIONS} sessions later: grown by", percent, "%", 2, detail=detail),
        ]

    async def _round(self) -> tuple[Sequence[float], Sequence[float]]:
        """Seconds to the first words of as many questions one after another as then at once.

        The slowest of many is slower than their median on an idle machine too, and the machine's
        speed changes within seconds: so like is compared with like as well, one just after the other.
        """
        alone = [
            await self._ask(f"{QUESTION} {BRIEFLY}", user=number) for number in range(SESSIONS)
        ]
        return alone, await self._ask_at_once(over_s=ARRIVAL_S)

    async def _ask(self, question: str = QUESTION, *, user: int = 0, after_s: float = 0.0) -> float:
        """Open a page, ask, read the answer, leave; seconds to the first words."""
        await asyncio.sleep(after_s)
        session = PageSession(self._server.url, self._server.cookies[user], self._config)
        try:
            return await session.ask(question)
        finally:
            await session.close()

    async def _ask_at_once(self, *, over_s: float = 0.0) -> Sequence[float]:
        """Answers that run at the same time; the questions come evenly within so many seconds."""
        gap_s = over_s / SESSIONS
        return await asyncio.gather(
            *(self._ask(user=number, after_s=number * gap_s) for number in range(SESSIONS))
        )


def _ninth(values: Sequence[float]) -> float:
    """The ninth decile: a tenth are slower."""
    return quantiles(values, n=10)[-1]


def _ratio(
    name: str, values: Sequence[float], bases: Sequence[float], *, bound: float | None = None
) -> Finding:
    """The median of the ratios of each round."""
    pairs = list(zip(values, bases, strict=True))
    detail = ", ".join(f"{value:.3f} / {base:.3f}" for value, base in pairs)
    ratio = median(value / base for value, base in pairs)
    return Finding(name, ratio, "", bound, detail=f"{detail} s")


async def _in_sessions(server: _Server, measure: Callable[[_Sessions], _Findings]) -> list[Finding]:
    config = await PageConfig.read(server.url, server.cookies[0])
    return await measure(_Sessions(server, config))


def run_pages(folder: Path) -> list[Finding]:
    """Everything that was seen, with its targets."""
    program = chromium()
    if program is None:
        raise click.ClickException("There is no Chromium. Run: python -m tests.system_parts")
    with _portal(folder) as (portal, cookies), sync_playwright() as playwright:
        server = _Server(portal, cookies)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        findings = _InBrowser(server, browser).run()
        browser.close()
    for name, measure in (("speed", _Sessions.speed), ("memory", _Sessions.memory)):
        with _portal(folder / name) as (portal, cookies):
            findings += uvloop.run(_in_sessions(_Server(portal, cookies), measure))
    return findings


@click.command()
def main() -> None:
    """Measure what the web app costs."""
    with tempfile.TemporaryDirectory(prefix="aiportal-pages-") as folder:
        findings = run_pages(Path(folder))
    click.echo(as_table(findings))
    sys.exit(1 if missed(findings) else 0)


if __name__ == "__main__":
    main()
