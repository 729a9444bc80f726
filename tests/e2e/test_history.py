"""The list of chats in the left column."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.chat import answers, ask, menu_of, rows
from tests.upstreams import Upstream, text

OpenChat = Callable[..., Page]


def _two_chats(page: Page, provider: Upstream) -> None:
    provider.answer("fast", text("About whales."), text("About ferns."))
    ask(page, "Whales")
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    ask(page, "Ferns")


def test_chats_are_listed_newest_first_and_open_with_a_click_and_with_back(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat()
    _two_chats(page, provider)
    expect(rows(page)).to_have_text(["Ferns", "Whales"])
    expect(page.locator(".slist h2")).to_have_text(["Today"])
    page.get_by_role("button", name="Whales", exact=True).click()
    expect(answers(page)).to_contain_text(["About whales."])
    expect(page.locator('.srow[aria-current="true"]')).to_have_text("Whales")
    expect(page.get_by_role("heading", level=1, name="Whales")).to_be_visible()

    page.go_back()
    expect(answers(page)).to_contain_text(["About ferns."])


def test_the_search_box_finds_words_of_answers(open_chat: OpenChat, provider: Upstream) -> None:
    page = open_chat()
    _two_chats(page, provider)
    page.get_by_placeholder("Search chats").fill("whales")
    expect(rows(page)).to_have_text(["Whales"])

    page.get_by_placeholder("Search chats").fill("dinosaurs")
    expect(page.get_by_text("No chat holds these words.")).to_be_visible()


def test_the_search_marks_the_words_and_shows_what_stands_around_them(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("A <b>blue</b> whale weighs as much as 25 elephants."))
    page = open_chat()
    ask(page, "Sea animals")
    page.get_by_placeholder("Search chats").fill("whale")
    hit = page.locator(".slist .hit")
    expect(hit).to_have_text("A <b>blue</b> whale weighs as much as 25 elephants.")
    expect(hit.locator("mark")).to_have_text("whale")
    expect(hit.locator("b")).to_have_count(0)

    page.get_by_placeholder("Search chats").fill("sea")
    expect(page.locator(".srow mark")).to_have_text("Sea")
    page.get_by_role("button", name="New chat").click()
    page.locator(".slist .hit").first.click()
    expect(answers(page)).to_contain_text(["whale weighs"])


def test_a_chat_is_renamed(open_chat: OpenChat, provider: Upstream) -> None:
    page = open_chat()
    _two_chats(page, provider)
    menu_of(page, "Ferns").get_by_role("button", name="Rename").click()
    page.get_by_label("Title", exact=True).fill("Plants & <b>more</b>")
    page.get_by_role("button", name="Rename").click()
    expect(rows(page)).to_have_text(["Plants & <b>more</b>", "Whales"])
    expect(page.locator("#tab-chat h1")).to_have_text("Plants & <b>more</b>")


def test_a_deleted_chat_is_gone_at_once_and_comes_back(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat()
    _two_chats(page, provider)
    menu_of(page, "Ferns").get_by_role("button", name="Delete").click()
    expect(rows(page)).to_have_text(["Whales"])
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    expect(page.locator(".undo")).to_contain_text("Chat deleted.")

    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_text(["Ferns", "Whales"])
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    page.get_by_role("button", name="Ferns", exact=True).click()
    expect(answers(page)).to_contain_text(["About ferns."])


def test_a_model_writes_the_title_where_the_user_wants_it(
    open_chat: OpenChat, provider: Upstream
) -> None:
    provider.answer("fast", text("About whales."), text('"Giants of the sea"'))
    page = open_chat()
    page.locator(".acct-open").click()
    page.get_by_role("button", name="Settings").first.click()
    page.get_by_role("tab", name="Chats").click()
    page.get_by_label("Titles by a model").select_option(label="On")
    expect(page.get_by_text("Saved")).to_be_visible()
    page.keyboard.press("Escape")
    ask(page, "Whales")
    expect(rows(page)).to_have_text(["Giants of the sea"])
    expect(page.get_by_role("heading", level=1, name="Giants of the sea")).to_be_visible()


def test_a_chat_is_exported_as_markdown(open_chat: OpenChat, provider: Upstream) -> None:
    provider.answer("fast", text("About whales."))
    page = open_chat()
    ask(page, "Whales")
    with page.expect_download() as download:
        menu_of(page, "Whales").get_by_role("link", name="Export as Markdown").click()

    assert "About whales." in download.value.path().read_text()


def test_a_long_chat_shows_its_newest_messages_and_on_request_earlier_ones(
    open_chat: OpenChat, provider: Upstream, portal_url: str
) -> None:
    provider.answer("fast", text("Yes."))
    page = open_chat()
    ask(page, "Question 0")
    conversation = page.url.partition("chat=")[2]
    for number in range(1, 27):
        answer = page.request.post(
            f"/api/v1/conversations/{conversation}/turns",
            data={"content": f"Question {number}"},
            headers={"Origin": portal_url},
        )
        assert answer.ok
    page.reload()
    log = page.locator("#chat-log")
    expect(log.get_by_text("Question 26", exact=True)).to_be_visible()
    expect(log.get_by_text("Question 0", exact=True)).to_have_count(0)

    page.get_by_role("button", name="Show earlier messages").click()
    expect(log.get_by_text("Question 0", exact=True)).to_have_count(1)
