"""Files of projects: in the dialog of a project, below the question, and in what models are sent."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.e2e.chat import ask, menu_of, rows
from tests.e2e.watched import Watched
from tests.upstreams import Upstream, text

DROP = """([name, data]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([data], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.querySelector("dialog .pfiles").dispatchEvent(
      new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true}));
  }
}"""


def _files(page: Page) -> Locator:
    """Their chips in the dialog."""
    return page.get_by_role("group", name="Files").get_by_role("listitem")


def _choose(page: Page, *files: tuple[str, bytes]) -> None:
    payloads = [{"name": name, "mimeType": "text/plain", "buffer": data} for name, data in files]
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add files").click()
    chooser.value.set_files(payloads)  # type: ignore[arg-type]  # reason: a list of one kind


def test_a_projects_files_go_with_the_questions_of_its_chats(
    open_chat: Callable[..., Page], provider: Upstream, watched: Watched
) -> None:
    watched.expected.append("400 (Bad Request)")  # for the file that cannot be read
    provider.answer("fast", text("Roses."))
    page = open_chat()
    page.get_by_role("button", name="New project").click()
    page.get_by_label("Name", exact=True).fill("Garden")
    _choose(page, ("plan.md", b"Roses first."), ("bad.png", b"\x89PNG broken"))
    page.evaluate(DROP, ["beds.md", "Nine beds."])
    expect(_files(page)).to_have_count(3)
    expect(_files(page).first).to_contain_text("plan.md4 tokens")
    expect(page.locator("dialog .fchip.failed")).to_contain_text("bad.png")
    expect(page.locator("#tab-chat .fchip")).to_have_count(0)
    expect(page.locator(".dropping")).to_have_count(0)
    page.get_by_role("button", name="Remove bad.png").click()
    expect(_files(page)).to_have_count(2)
    expect(page.get_by_role("button", name="Add files")).to_be_focused()
    expect(page.locator(".pfiles .hint")).to_have_text(
        "8 tokens in all, sent with each question in this project."
    )
    page.get_by_role("button", name="Create").click()

    chip = page.locator(".project-chip")
    expect(chip).to_have_text("2 files of Garden")
    page.get_by_role("button", name="New chat").click()
    expect(chip).to_have_text("2 files of Garden")
    ask(page, "What first?")
    framed = '<file name="plan.md">\nRoses first.\n</file>\n\n'
    beds = '<file name="beds.md">\nNine beds.\n</file>\n\n'
    [message] = provider.last().json["messages"]
    assert message == {"role": "user", "content": f"{framed}{beds}What first?"}
    page.reload()
    chip.click()
    page.get_by_role("button", name="Remove beds.md").click()
    page.get_by_role("button", name="Save").click()
    expect(chip).to_have_text("1 file of Garden")
    ask(page, "And then?")
    assert provider.last().json["messages"][0]["content"] == f"{framed}What first?"

    _leave_the_project(page)
    expect(chip).to_have_count(0)
    ask(page, "Still?")
    assert provider.last().json["messages"][0]["content"] == "What first?"
    _delete_the_project(page)


def _leave_the_project(page: Page) -> None:
    menu_of(page, "What first?").get_by_role("button", name="Move to a project").click()
    page.locator("dialog select").select_option(label="No project")
    page.get_by_role("button", name="Move", exact=True).click()


def _delete_the_project(page: Page) -> None:
    page.get_by_role("button", name="Settings of Garden").click()
    expect(_files(page)).to_have_count(1)
    page.get_by_role("button", name="Delete project").click()
    expect(page.get_by_text("goes with its instructions and files.")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".prow")).to_have_count(0)
    expect(rows(page)).to_have_text(["What first?"])
