"""Several models at once in the chat tab, as a person compares them."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.chat import answers, ask, send
from tests.upstreams import DONE, Gate, Upstream, chunk, stream, text, usage_chunk

OpenChat = Callable[..., Page]


def _columns(page: Page) -> Locator:
    return page.locator("#chat-log .cmp-col")


def _compare_by_keyboard(page: Page) -> None:
    """Turn the chip on, and choose Acme fast and Acme slow alone."""
    page.get_by_label("Compare", exact=True).focus()
    page.keyboard.press("Space")
    group = page.get_by_role("group", name="Models to compare")
    for box in group.get_by_role("checkbox").all():
        is_wanted = "Acme" in (box.locator("xpath=..").text_content() or "")
        if box.is_checked() != is_wanted:
            box.focus()
            page.keyboard.press("Space")
    expect(page.locator("#compare-panel .cmp-hint")).to_have_text("2 models answer at once.")


def _wait_for_the_end(page: Page, model: str) -> None:
    """Until the portal has the whole answer, whatever the page shows."""
    page.wait_for_function(
        """async ([chat, model]) => {
          const response = await fetch(`/api/v1/conversations/${chat}/messages`);
          const { data } = await response.json();
          return data.some((one) => one.model === model && one.status === "done");
        }""",
        arg=[page.url.partition("chat=")[2], model],
    )


def test_two_models_answer_side_by_side_and_the_chat_goes_on_with_one(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gates = [Gate(), Gate()]
    for name, gate in zip(("fast", "slow"), gates, strict=True):
        provider.answer(
            name,
            stream(chunk(f"**{name}** begins"), gate, chunk(" and ends."), chunk(finish="stop"),
                   usage_chunk(), DONE),
            text(f"{name} goes on."),
        )  # fmt: skip
    page = open_chat()
    _compare_by_keyboard(page)
    send(page, "Which is better?")

    expect(_columns(page)).to_have_count(2)
    expect(page.locator(".cmp-name")).to_have_text(["acme/fast", "acme/slow"])
    expect(_columns(page)).to_contain_text(["fast begins", "slow begins"])
    # Both at once: the columns are drawn anew while they grow.
    boxes = _columns(page).evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().toJSON())"
    )
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 2
    assert boxes[1]["x"] > boxes[0]["x"] + boxes[0]["width"] - 1

    held: list[Route] = []
    page.route("**/live/comparison/**", lambda route: held.append(route))
    page.reload()  # in the middle: both are found running
    expect(_columns(page)).to_contain_text(["fast begins", "slow begins"])
    gates[1].open()
    _wait_for_the_end(page, "acme/slow")  # before the page follows it
    for route in held:
        route.continue_()
    page.unroute("**/live/comparison/**")
    expect(_columns(page)).to_contain_text(["fast begins", "slow begins and ends."])
    expect(page.get_by_role("button", name="Go on with this one: acme/slow")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(2)  # of the column, and of all
    gates[0].open()
    expect(_columns(page)).to_contain_text(["begins and ends.", "begins and ends."])
    expect(page.locator(".cmp-facts")).to_contain_text(["4 tokens", "4 tokens"])
    expect(page.get_by_role("button", name="Send")).to_be_visible()

    page.get_by_placeholder("Ask anything").fill("And then?")
    page.keyboard.press("Enter")
    expect(page.locator(".toast-body")).to_contain_text("Choose the answer to go on with first.")
    page.get_by_role("button", name="Go on with this one: acme/slow").click()
    expect(_columns(page)).to_have_count(0)
    expect(answers(page)).to_contain_text(["slow begins and ends."])
    expect(page.get_by_label("Model", exact=True)).to_have_value("acme/slow")
    expect(page.locator("#chat-log .bot-row .vers .n")).to_have_text("2/2")
    page.get_by_title("Previous version").click()
    expect(answers(page)).to_contain_text(["fast begins and ends."])
    page.get_by_title("Next version").click()
    expect(answers(page)).to_contain_text(["slow begins and ends."])
    ask(page, "And then?")
    expect(answers(page)).to_contain_text(["slow begins and ends.", "slow goes on."])
    assert len(provider.requests) >= 3


def test_a_diagram_is_drawn_in_its_column_when_that_is_whole(
    open_chat: OpenChat, provider: Upstream
) -> None:
    end = Gate()
    diagram = "```mermaid\ngraph TD\n  A --> B\n```"
    provider.answer("fast", stream(chunk(diagram), end, chunk(finish="stop"), usage_chunk(), DONE))
    provider.answer("slow", text("I cannot draw."))
    page = open_chat()
    _compare_by_keyboard(page)
    send(page, "Draw")
    block = page.locator(".cmp-col .code.diagram")
    expect(block).to_be_visible()
    assert not block.get_attribute("data-mode")
    end.open()
    expect(block.get_by_role("button", name="Enlarge the image: Diagram")).to_be_visible()


def test_on_a_phone_the_columns_are_swiped_and_one_or_all_are_stopped(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    for name in ("fast", "slow"):
        provider.answer(name, stream(chunk(f"{name} begins"), gate, DONE))
    page = open_chat(width=390, height=844, color_scheme="dark")
    _compare_by_keyboard(page)
    send(page, "Which is better?")
    expect(_columns(page)).to_contain_text(["fast begins", "slow begins"])
    _columns(page).nth(1).get_by_role("button", name="Stop this one").click()
    expect(_columns(page).nth(1)).to_contain_text("stopped")
    expect(_columns(page).nth(0)).not_to_contain_text("stopped")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(_columns(page)).to_contain_text(["stopped", "stopped"])
    gate.open()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    strip = page.locator("#chat-log .columns .cmp")
    page.wait_for_function(
        "one => (one = document.querySelector('#chat-log .columns .cmp')) && "
        "one.scrollWidth > one.clientWidth"
    )
    strip.evaluate("one => one.scrollTo({left: one.scrollWidth, behavior: 'instant'})")
    expect(page.locator(".cmp-name").nth(1)).to_be_in_viewport()


def test_a_blind_battle_is_voted_on_and_its_result_is_on_the_leaderboard(
    open_chat: OpenChat, provider: Upstream
) -> None:
    gate = Gate()
    for name, words in (("fast", "Lions"), ("slow", "Zebras")):
        begun = stream(chunk(f"{words} are"), gate, chunk(" best."), chunk(finish="stop"), DONE)
        provider.answer(name, begun)
    page = open_chat()
    page.get_by_label("Compare", exact=True).check()
    page.get_by_label("Blind: two models at random").check()
    expect(page.get_by_role("group", name="Models to compare")).to_be_hidden()
    send(page, "Which animal is best?")

    expect(page.locator(".cmp-name")).to_have_text(["A", "B"])
    page.wait_for_function("location.search.includes('battle=')")
    page.reload()  # in the middle: the address finds it
    expect(page.locator(".cmp-name")).to_have_text(["A", "B"])
    gate.open()
    better = page.get_by_role("button", name="A is better")
    expect(better).to_be_visible(timeout=60_000)  # the embedded model may be one of them
    shown = page.locator("#chat-log").inner_html() + page.title()
    assert not any(word in shown for word in ("acme", "local/", "token", "first token"))
    better.click()

    expect(page.locator(".toast-body")).to_contain_text("A is better.")
    expect(page.locator(".cmp-name").first).to_contain_text("/")
    models = page.locator(".cmp-name").all_text_contents()
    assert len(set(models)) == 2
    page.get_by_role("button", name=f"Go on with this one: {models[0]}").click()
    expect(_columns(page)).to_have_count(0)
    expect(page.get_by_label("Model", exact=True)).to_have_value(models[0])
    assert "battle=" not in page.url

    page.goto("/arena")
    expect(page.get_by_role("row").nth(1)).to_contain_text(models[0])
    expect(page.locator(".arena-plot svg")).to_have_count(2)
    expect(page.get_by_role("img", name=models[0])).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
