"""The pages before the app are HTML in which nothing of the caller's runs."""

import pytest

from pages.sign_in import SignInPages
from pages.static import StaticFiles

ENGLISH = {"accept-language": "en"}
HOSTILE = "\"><script>alert(1)</script>'"


@pytest.fixture(scope="module")
def pages() -> SignInPages:
    return SignInPages(StaticFiles.read())


def test_the_form_carries_name_and_destination(pages: SignInPages) -> None:
    html = pages.render_sign_in(None, "mei", "/?chat=conv_1", ENGLISH)

    assert 'method="post" action="/login"' in html
    assert 'name="username" autocomplete="username"' in html
    assert 'value="mei"' in html
    assert 'name="next" value="/?chat=conv_1"' in html
    assert "alert" not in html


def test_an_error_stands_above_the_fields_its_first_sentence_stands_out(pages: SignInPages) -> None:
    html = pages.render_sign_in("The name is wrong. Two tries are left.", "", "/", ENGLISH)

    error = (
        '<div class="err" role="alert"><b>The name is wrong.</b><p>Two tries are left.</p></div>'
    )
    assert html.index(error) < html.index("<form")


def test_an_error_of_one_sentence_is_whole(pages: SignInPages) -> None:
    assert "<b>Wrong.</b><p></p>" in pages.render_sign_in("Wrong.", "", "/", ENGLISH)


def test_what_the_caller_sent_is_escaped(pages: SignInPages) -> None:
    whole = pages.render_sign_in(HOSTILE, HOSTILE, HOSTILE, {"cookie": HOSTILE})
    whole += pages.render_link(HOSTILE, ENGLISH)

    assert "<script>alert" not in whole
    assert whole.count("&lt;script&gt;") == 4


def test_the_link_page_sends_its_token_back_by_a_button(pages: SignInPages) -> None:
    html = pages.render_link("abc", ENGLISH)

    assert 'method="post" action="/login/link"' in html
    assert '<input type="hidden" name="token" value="abc">' in html


def test_the_pages_are_in_the_remembered_language(pages: SignInPages) -> None:
    html = pages.render_sign_in(None, "⟦Today⟧", "/", {"cookie": "aiportal_language=ar"})

    assert '<html lang="ar" dir="rtl">' in html
    assert "<h1>تسجيل الدخول</h1>" in html
    assert 'value="⟦Today⟧"' in html  # what a caller sends is no text of ours
    assert "Anmelden" in pages.render_link("abc", {"accept-language": "de"})
