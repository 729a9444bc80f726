"""What tests do in the chat tab, in the user's terms."""

from playwright.sync_api import Locator, Page, expect

__all__ = ["answers", "ask", "menu_of", "pick", "questions", "rows", "send", "stop"]


def ask(page: Page, question: str) -> None:
    """Write a question, send it with Enter, wait for the end of the answer."""
    before = page.locator(".mfoot, .err").count()
    send(page, question)
    expect(page.locator(".mfoot, .err")).to_have_count(before + 1)
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def send(page: Page, question: str) -> None:
    """Write a question and send it; do not wait for the answer."""
    composer = page.get_by_placeholder("Ask anything")
    composer.fill(question)
    composer.press("Enter")


def stop(page: Page) -> None:
    """Press Stop."""
    page.get_by_role("button", name="Stop").click()


def pick(page: Page, model: str) -> None:
    """Choose a model by its id."""
    page.get_by_label("Model", exact=True).select_option(model)


def questions(page: Page) -> Locator:
    """The user's messages on the page."""
    return page.locator("#chat-log .user-row .message-content")


def answers(page: Page) -> Locator:
    """The models' messages on the page."""
    return page.locator("#chat-log .bot-row .message-content")


def rows(page: Page) -> Locator:
    """The chats in the left column."""
    return page.locator(".slist .srow")


def menu_of(page: Page, title: str) -> Locator:
    """Open the menu of a chat in the left column; the menu."""
    page.get_by_role("button", name=title, exact=True).hover()
    page.get_by_role("button", name=f"More about {title}").click()
    return page.locator(".menu:popover-open")
