"""Pins, archive, tags, projects, many chats at once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.chat import ask, menu_of, rows
from tests.upstreams import Upstream, text

OpenChat = Callable[..., Page]


@pytest.fixture
def page(open_chat: OpenChat, provider: Upstream) -> Page:
    """With three chats, of which the newest is open: Ferns, Whales, Moths."""
    page = open_chat()
    _chats(page, provider, "Moths", "Whales", "Ferns")
    return page


def _chats(page: Page, provider: Upstream, *questions: str) -> None:
    provider.answer("fast", *(text(f"About {question}.") for question in questions))
    for number, question in enumerate(questions):
        if number:
            page.get_by_role("button", name="New chat").click()
        expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
        ask(page, question)


def _groups(page: Page) -> Locator:
    return page.locator(".slist h2")


def _choose(page: Page, title: str, item: str) -> None:
    menu_of(page, title).get_by_role("button", name=item, exact=True).click()


def test_a_pinned_chat_stands_first_until_it_is_unpinned(page: Page) -> None:
    _choose(page, "Moths", "Pin")
    expect(_groups(page)).to_have_text(["Pinned", "Today"])
    expect(rows(page)).to_have_text(["Moths", "Ferns", "Whales"])

    _choose(page, "Moths", "Unpin")
    expect(_groups(page)).to_have_text(["Today"])
    expect(rows(page)).to_have_text(["Ferns", "Whales", "Moths"])


def test_an_archived_chat_is_in_the_archive_alone(page: Page) -> None:
    _choose(page, "Whales", "Archive")
    expect(rows(page)).to_have_text(["Ferns", "Moths"])
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_text(["Ferns", "Whales", "Moths"])
    _choose(page, "Whales", "Archive")
    expect(rows(page)).to_have_text(["Ferns", "Moths"])

    page.locator(".slist").get_by_role("button", name="Archived").click()
    expect(rows(page)).to_have_text(["Whales"])
    _choose(page, "Whales", "Back to the list")
    expect(page.get_by_text("No chat is archived.")).to_be_visible()
    page.get_by_role("button", name="All chats").click()
    expect(rows(page)).to_have_text(["Ferns", "Whales", "Moths"])


def test_chats_are_found_by_their_tags(page: Page) -> None:
    _choose(page, "Whales", "Tags")
    page.get_by_label("Tags", exact=True).fill("sea, big & wet, sea")
    page.get_by_role("button", name="Save").click()
    tags = page.get_by_role("group", name="Tags").get_by_role("button")
    expect(tags).to_have_text(["#big & wet", "#sea"])

    tags.last.click()
    expect(rows(page)).to_have_text(["Whales"])
    _choose(page, "Whales", "Tags")
    expect(page.get_by_label("Tags", exact=True)).to_have_value("sea, big & wet")
    page.get_by_label("Tags", exact=True).fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("No chat is here yet.")).to_be_visible()


def test_a_project_tells_its_chats_models_what_to_do(page: Page, provider: Upstream) -> None:
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("Garden")
    page.get_by_label("Instructions").fill("Talk of plants.")
    page.locator("dialog select").select_option("acme/slow")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("No chat is here yet.")).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("heading", level=1, name="New chat in Garden")).to_be_visible()
    provider.answer("slow", text("Water them."))
    ask(page, "Roses")
    expect(rows(page)).to_have_text(["Roses"])
    sent = provider.last().json
    assert (sent["model"], sent["messages"][0]["content"]) == ("slow", "Talk of plants.")

    page.get_by_role("button", name="All chats").click()
    expect(rows(page)).to_have_text(["Roses", "Ferns", "Whales", "Moths"])
    _choose(page, "Ferns", "Move to a project")
    page.locator("dialog select").select_option(label="Garden")
    page.get_by_role("button", name="Move", exact=True).click()
    page.locator(".prow", has_text="Garden").click()
    expect(rows(page)).to_have_text(["Roses", "Ferns"])


def test_a_project_is_changed_and_deleted_and_its_chats_stay(page: Page) -> None:
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name").fill("Garden & <b>co</b>")
    page.get_by_role("button", name="Create").click()
    settings = page.get_by_role("button", name="Settings of Garden & <b>co</b>")
    settings.click()
    page.get_by_label("Name").fill("Yard")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".scope b")).to_have_text("Yard")

    page.get_by_role("button", name="Settings of Yard").click()
    page.get_by_role("button", name="Delete project").click()
    expect(page.get_by_text("Its chats stay.")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(rows(page)).to_have_text(["Ferns", "Whales", "Moths"])
    expect(page.locator(".prow")).to_have_count(0)


def test_many_chats_are_deleted_at_once_and_come_back(page: Page) -> None:
    page.locator(".slist").get_by_role("button", name="Select").click()
    page.get_by_label("Select Ferns").check()
    page.get_by_role("button", name="Moths", exact=True).click()
    bar = page.get_by_role("toolbar", name="Selected chats")
    expect(bar.get_by_role("status")).to_have_text("2 selected")
    bar.get_by_role("button", name="Delete").click()
    expect(rows(page)).to_have_text(["Whales"])
    expect(page.get_by_role("heading", name="What are you working on?")).to_be_visible()
    expect(bar).to_be_hidden()

    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_text(["Ferns", "Whales", "Moths"])


def test_many_are_tagged_with_the_keyboard_alone(page: Page) -> None:
    page.locator(".slist").get_by_role("button", name="Select").press("Enter")
    page.get_by_label("Select Ferns").focus()
    page.keyboard.press("Space")
    page.get_by_label("Select Moths").focus()
    page.keyboard.press("Space")
    bar = page.get_by_role("toolbar", name="Selected chats")
    bar.get_by_role("button", name="Tag").press("Enter")
    expect(page.get_by_label("Tags", exact=True)).to_be_focused()
    page.keyboard.type("small")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="#small")).to_be_visible()
    expect(bar.get_by_role("status")).to_have_text("2 selected")  # for what comes next
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()

    page.get_by_role("button", name="#small").press("Enter")
    expect(rows(page)).to_have_text(["Ferns", "Moths"])


def test_a_long_list_scrolls_under_its_foot(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 520})
    select = page.locator(".slist").get_by_role("button", name="Select")
    expect(select).to_be_in_viewport()
    expect(rows(page).last).not_to_be_in_viewport(ratio=1)
    rows(page).first.hover()
    page.mouse.wheel(0, 1_000)
    expect(rows(page).last).to_be_in_viewport(ratio=1)
    expect(select).to_be_in_viewport()


def test_on_a_phone_chats_are_arranged_in_the_drawer(
    open_chat: OpenChat, provider: Upstream
) -> None:
    page = open_chat(width=390, height=844)
    provider.answer("fast", text("Hello."))
    ask(page, "Whales")
    page.get_by_role("button", name="Open the menu").click()
    _choose(page, "Whales", "Pin")
    expect(_groups(page)).to_have_text(["Pinned"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    _choose(page, "Whales", "Delete")
    undo = page.get_by_role("button", name="Undo")
    box = undo.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    undo.click()
    expect(rows(page)).to_have_text(["Whales"])
