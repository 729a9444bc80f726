import pytest

from aiportal.notebook.interpolation import filled

NAMESPACE = {
    "city": "Paris",
    "count": 3,
    "In": ["", "1 + 1", "print('x')"],
    "Out": {1: 2},
    "Err": {2: "NameError: x"},
}


@pytest.mark.parametrize(
    ("prompt", "result"),
    [
        ("Tell me about {city}.", "Tell me about Paris."),
        ("{count} times", "3 times"),
        ("Explain {In[2]} and {Out[1]}: {Err[2]}", "Explain print('x') and 2: NameError: x"),
    ],
)
def test_known_names_become_their_values(prompt: str, result: str) -> None:
    assert filled(prompt, NAMESPACE) == result


@pytest.mark.parametrize(
    "prompt",
    [
        '{"city": "Paris"}',
        "for (;;) { city(); }",
        "{unknown} and {In[99]} and {Out[99]} and {Err[1]}",
        "{city.upper()} {city!r} {city:>10} {__import__('os')}",
        "{}",
    ],
)
def test_all_else_in_braces_stays_as_it_is(prompt: str) -> None:
    assert filled(prompt, NAMESPACE) == prompt


def test_a_value_is_not_filled_again() -> None:
    assert filled("{a}", {"a": "{b}", "b": "no"}) == "{b}"
