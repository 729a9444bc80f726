"""Every text that the web app looks up is in every language, whole and harmless."""

import re

import pytest

from pages.texts import LANGUAGES, catalogue, direction, language_of, say, script, translated
from tests.unit.pages.catalogue import texts_in_use

OTHERS = [language for language in LANGUAGES if language != "en"]
PLACEHOLDER = re.compile(r"\{\w+\}")
UNSAFE = re.compile(r'[<>&"\\⟦⟧]')


def test_the_sources_ask_for_many_texts() -> None:
    texts = texts_in_use()
    assert len(texts) > 150
    # One of each way to ask for a text.
    for text in ("Search chats", "Today", "January", "Sign in", "Saved"):
        assert text in texts


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_missing_and_none_is_left_over(language: str) -> None:
    assert sorted(catalogue(language)) == sorted(texts_in_use())


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_the_placeholders_of_the_english_one(language: str) -> None:
    wrong = [
        english
        for english, text in catalogue(language).items()
        if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(text))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_can_stand_in_json_html_and_attributes(language: str) -> None:
    pairs = catalogue(language).items()
    assert [pair for pair in pairs if UNSAFE.search("".join(pair)) or not pair[1].strip()] == []


def test_marks_become_texts_and_what_is_unknown_stays_english() -> None:
    page = '{"label":"⟦Today⟧","b":["⟦Never seen before⟧"],"c":[[1,2]]}'
    assert translated(page, "de") == '{"label":"Heute","b":["Never seen before"],"c":[[1,2]]}'
    assert translated(page, "en") == '{"label":"Today","b":["Never seen before"],"c":[[1,2]]}'


def test_placeholders_are_filled_and_what_fills_them_is_not_looked_at() -> None:
    assert say("es", "{month} {year}", month="enero", year=2025) == "enero de 2025"
    assert say("zz", "{count} days", count="{count}") == "{count} days"


def test_the_script_holds_the_catalogue() -> None:
    assert '"Today": "Heute"' in script("de").decode()
    assert script("en") == b"window.aiportalTexts = {};\n"


@pytest.mark.parametrize(
    ("accepted", "cookie", "language"),
    [
        ("", "", "en"),
        ("de", "", "de"),
        ("de-CH, en;q=0.9", "", "de"),
        ("en;q=0.5, zh-TW;q=0.8", "", "zh"),
        ("it, pt-BR;q=0.9, ar;q=0.1", "", "ar"),
        ("de;q=0, *", "", "en"),
        ("de;q=x, fr", "", "fr"),
        (",;q=,;;" * 1_000, "", "en"),
        ("de", "aiportal_language=fr", "fr"),
        ("de", "a=b; aiportal_language=xx", "de"),
        ("de", "=;\x00aiportal_language", "de"),
    ],
)
def test_the_language_is_the_remembered_one_or_the_browsers(
    accepted: str, cookie: str, language: str
) -> None:
    assert language_of({"accept-language": accepted, "cookie": cookie}) == language


def test_arabic_runs_from_right_to_left() -> None:
    assert {one for one in LANGUAGES if direction(one) == "rtl"} == {"ar"}
