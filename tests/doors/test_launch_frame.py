"""In Chromium: a notebook's page whose output of `launch()` is the web app, signed in."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.doors.kernel import Kernel
from tests.system_parts import chromium
from tests.upstreams import Upstream, text

TIMEOUT_MS = 30_000


class _NotebookPage(BaseHTTPRequestHandler):
    """A page with one output, at `localhost`, where Jupyter is too."""

    output = ""

    def do_GET(self) -> None:
        body = f"<!doctype html><title>Notebook</title>{self.output}".encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's
        """Nothing."""


@pytest.fixture
def notebook_url(kernel: Kernel) -> Iterator[str]:
    (_NotebookPage.output,) = kernel.run("app = launch();").shown("text/html")
    with ThreadingHTTPServer(("127.0.0.1", 0), _NotebookPage) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
    kernel.run("app.close()")


@pytest.fixture
def far_url(notebook_url: str) -> str:
    """The same page under a name that is not this machine's own to a browser."""
    return notebook_url.replace("localhost", "notebooks.localhost")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        yield page
        browser.close()


def test_the_web_app_answers_in_the_notebooks_frame(
    notebook_url: str, page: Page, provider: Upstream
) -> None:
    provider.answer("fast", text("Paris, of course."))
    page.goto(notebook_url)
    app = page.frame_locator("iframe")
    app.locator("html[data-ready]").wait_for(state="attached")
    question = app.get_by_placeholder("Ask anything")
    question.fill("What is the capital of France?")
    question.press("Enter")
    expect(app.get_by_text("Paris, of course.")).to_be_visible(timeout=TIMEOUT_MS)


def test_the_link_below_signs_in_too(notebook_url: str, page: Page) -> None:
    page.goto(notebook_url)
    expect(page.frame_locator("iframe").get_by_placeholder("Ask anything")).to_be_visible()
    page.context.clear_cookies()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="in a tab of its own").click()
    expect(opened.value.get_by_placeholder("Ask anything")).to_be_visible(timeout=TIMEOUT_MS)


def test_on_a_page_from_elsewhere_there_is_the_link_and_what_to_do(
    far_url: str, page: Page
) -> None:
    page.goto(far_url)
    expect(page.locator("iframe")).to_be_hidden()
    expect(page.get_by_text("forward the port first")).to_be_visible()
    expect(page.get_by_role("link", name="in a tab of its own")).to_be_visible()
