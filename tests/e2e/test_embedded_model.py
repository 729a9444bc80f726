"""The model that comes with the portal, in the browser."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.chat import answers, ask, pick


def test_the_embedded_model_knows_the_capital_of_france(open_chat: Callable[..., Page]) -> None:
    page = open_chat()
    pick(page, "local/smollm2-135m-instruct")
    ask(page, "What is the capital of France? Answer in one sentence.")

    expect(answers(page)).to_contain_text(["Paris"])
    expect(page.locator(".mfoot")).to_contain_text("local/smollm2-135m-instruct")


def test_the_page_says_that_the_embedded_model_is_tiny_and_what_to_do(
    open_chat: Callable[..., Page],
) -> None:
    page = open_chat()
    note = page.locator(".note")
    expect(note).to_be_hidden()
    pick(page, "local/smollm2-135m-instruct")
    expect(note).to_contain_text("is a tiny model to try things with.")
    note.get_by_text("Get a better one").click()
    expect(note).to_contain_text("aiportal models pull local/qwen3-0.6b")
    expect(note).to_contain_text("OPENAI_API_KEY")
    expect(note).to_contain_text("Ollama")
