"""Coming in and going out."""

from playwright.sync_api import Page, expect

from tests.e2e.chat import send
from tests.e2e.people import People, Person
from tests.e2e.watched import Watched


def test_a_one_time_link_signs_in_on_this_machine_at_once_and_only_once(
    stranger: Page, watched: Watched, people: People
) -> None:
    link = f"/login/link?token={people.next_link_token()}"
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="New chat")).to_be_visible()

    again = watched.page()
    watched.expected.append("/login/link")
    again.goto(link)
    expect(again.get_by_role("alert")).to_contain_text("link")
    expect(again.get_by_label("Password")).to_be_visible()


def test_a_one_time_link_from_elsewhere_signs_in_by_a_button(
    stranger: Page, people: People
) -> None:
    stranger.set_extra_http_headers({"X-Forwarded-For": "203.0.113.9"})
    stranger.goto(f"/login/link?token={people.next_link_token()}")
    stranger.get_by_role("button", name="Sign in").click()

    expect(stranger.get_by_role("heading", name="New chat")).to_be_visible()


def test_a_stranger_is_led_to_the_sign_in_page_and_then_to_where_they_wanted(
    stranger: Page, watched: Watched
) -> None:
    watched.expected.append("/login")
    stranger.goto("/?chat=conv_nobody")
    stranger.get_by_label("User name").fill("mei")
    stranger.get_by_label("Password").fill("wrong")
    stranger.get_by_role("button", name="Sign in").click()
    expect(stranger.get_by_role("alert")).to_contain_text("wrong")
    expect(stranger.get_by_label("User name")).to_have_value("mei")

    stranger.get_by_label("Password").fill("Secret-123!")
    stranger.get_by_role("button", name="Sign in").click()
    stranger.wait_for_selector("html[data-ready]")
    expect(stranger.get_by_text("This chat is not there.")).to_be_visible()
    assert stranger.url.endswith("/")


def test_signing_out_ends_the_session(watched: Watched, person: Person) -> None:
    page = watched.page(person.cookie)
    page.goto("/")
    page.wait_for_selector("html[data-ready]")
    page.locator(".acct-open").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url("/login")

    page.goto("/")
    expect(page).to_have_url("/login?next=%2F")


def test_a_page_whose_session_has_ended_leads_to_the_sign_in_page_and_back(
    watched: Watched, person: Person, portal_url: str
) -> None:
    watched.expected.append("/gradio_api/")
    page = watched.page(person.cookie)
    page.goto("/")
    page.wait_for_selector("html[data-ready]")
    elsewhere = watched.page(person.cookie)
    elsewhere.request.post("/logout", headers={"Origin": portal_url})
    send(page, "Still there?")

    expect(page).to_have_url("/login?next=%2F")


def test_the_sign_in_page_cannot_be_made_to_run_what_stands_in_its_address(stranger: Page) -> None:
    stranger.goto('/login?next=/"><script>window.hacked=1</script>')
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    assert stranger.evaluate("window.hacked") is None
