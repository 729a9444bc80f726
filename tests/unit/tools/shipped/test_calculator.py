"""The calculator: exact where that is possible, bounded, and clear about what it does not know."""

import math
import re
from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tools.shipped.controllers import load


def calculate(expression: str, **options: Any) -> dict[str, Any]:
    return dict(load("calculator").run({"expression": expression, **options}))


EXACT = {
    "123456789 × 987654321": "121932631112635269",
    "0.1 + 0.2": "0.3",
    "1/3": "1/3",
    "2^10": "1024",
    "2**-2": "0.25",
    "-2**2": "-4",
    "2^3^2": "512",
    "7 // 2": "3",
    "-7 // 2": "-4",
    "-7 % 3": "2",
    "17 % 5": "2",
    "17%5": "2",
    "10 % -3": "-2",
    "10 mod 3": "1",
    "15% of 80": "12",
    "200 + 10%": "220",
    "200 − 10%": "180",
    "50% - 0.1": "0.4",
    "(25)%": "0.25",
    "1,234,567 + 1": "1234568",
    "1 000 000 / 8": "125000",
    "1'000'000 / 8": "125000",
    "1_000 * 2": "2000",
    "max(1,234)": "234",
    "12 × (3 − 1) ÷ 4": "6",
    "6 / 2(1 + 2)": "9",
    "2(3)(4)": "24",
    "3 x 4": "12",
    "0x1F + 0b11 + 0o7": "41",
    "1.5e3": "1500",
    "2²": "4",
    "2⁻¹": "0.5",
    "5!": "120",
    "-5!": "-120",
    "√16 + 1": "5",
    "sqrt(16/9)": "4/3",
    "8 ** (1/3)": "2",
    "cbrt(-8)": "-2",
    "root(32, 5)": "2",
    "log10(1000)": "3",
    "log(1/8, 2)": "-3",
    "exp(0)": "1",
    "cos(0)": "1",
    "gcd(12, 18, 27)": "3",
    "lcm(4, 6)": "12",
    "ncr(49, 6)": "13983816",
    "nPr(5, 2)": "20",
    "round(2.5)": "3",
    "round(-2.345, 2)": "-2.35",
    "floor(-1.5)": "-2",
    "ceil(1.2)": "2",
    "trunc(-1.7)": "-1",
    "abs(-3/4)": "0.75",
    "sign(-2)": "-1",
    "mean(1, 2, 3, 4)": "2.5",
    "median(3, 1, 2)": "2",
    "variance(1, 2, 3)": "1",
    "pstdev(2, 4, 4, 4, 5, 5, 7, 9)": "2",
    "hypot(3, 4)": "5",
    "SQRT(9)": "3",
    "isqrt(17)": "4",
    "3/4 > 2/3": "true",
    "0.1 + 0.2 == 0.3": "true",
    "1 = 2": "false",
    "10 m / 5 km": "0.002",
    "5 m > 300 cm": "true",
    "What is 2 + 2?": "4",
    "2 + 2 =": "4",
    "12 divided by 4": "3",
    "3 plus 4 times 2": "11",
    "1000000000000000000000 + 1": "1000000000000000000001",
}

ROUNDED = {
    "sqrt(2)": math.sqrt(2),
    "pi": math.pi,
    "2 pi": math.tau,
    "e^2": math.exp(2),
    "exp(-20)": math.exp(-20),
    "ln(10)": math.log(10),
    "log(10)": math.log(10),
    "log2(3)": math.log2(3),
    "sin(1)": math.sin(1),
    "cos(-2.5)": math.cos(-2.5),
    "tan(1)": math.tan(1),
    "sin(1e22)": math.sin(1e22),
    "asin(0.3)": math.asin(0.3),
    "acos(-1)": math.pi,
    "atan(1) * 4": math.pi,
    "atan(-1e6)": math.atan(-1e6),
    "atan2(-1, -1)": math.atan2(-1, -1),
    "sinh(1e-5)": math.sinh(1e-5),
    "cosh(2)": math.cosh(2),
    "tanh(-0.5)": math.tanh(-0.5),
    "asinh(-1000000)": math.asinh(-1e6),
    "acosh(2)": math.acosh(2),
    "atanh(0.5)": math.atanh(0.5),
    "radians(180)": math.pi,
    "degrees(pi)": 180.0,
    "phi": (1 + math.sqrt(5)) / 2,
    "2 ** 0.5": math.sqrt(2),
    "sin(pi)": 0.0,
    "sin(pi / 6)": 0.5,
    "stdev(2, 4, 4, 4, 5, 5, 7, 9)": 2.138089935299395,
}

WITH_UNITS = {
    "3 km + 200 m to mile": ("1.9883878151594687028", "mile"),
    "100 degF to degC": ("37.777777777777777778", "degree_Celsius"),
    "-40 °C to °F": ("-40", "degree_Fahrenheit"),
    "0 degC to kelvin": ("273.15", "kelvin"),
    "60 mph to km/h": ("96.56064", "kilometer / hour"),
    "100 km / 2 h": ("50", "kilometer / hour"),
    "10 kg * 9.81 m/s^2 to N": ("98.1", "newton"),
    "5 ft 3 in to cm": ("160.02", "centimeter"),
    "2 h 30 min in s": ("9000", "second"),
    "5 in in cm": ("12.7", "centimeter"),
    "1 GiB to MB": ("1073.741824", "megabyte"),
    "sqrt(9 m^2)": ("3", "meter"),
    "max(1 m, 20 cm)": ("1", "meter"),
    "round(2.6 m)": ("3", "meter"),
    "7 m % 2 m": ("1", "meter"),
}

REFUSED = {
    "": "empty",
    "1/0": "Division by zero",
    "5 % 0": "Division by zero",
    "0 ** -1": "division by zero",
    "1 m / (0 s)": "Division by zero",
    "foo": "`foo`",
    "flor(3)": "`floor`",
    "sqrt(-1)": "no real",
    "ln(0)": "above zero",
    "asin(2)": "from -1 to 1",
    "tan(pi/2)": "right angle",
    "3 km + 2 s": "kilometer and second",
    "3 km to kg": "kilogram",
    "100 F to C": "degF and degC",
    "20 degC + 5 degC": "delta_degC",
    "5 apples": "`apples`",
    "3 KM": "Did you mean `km`",
    "ln(2 m)": "plain numbers",
    "2 ** 100000": "30,103 digits",
    "9 ** 9 ** 9": "digits",
    "2 ** (10 ** 30)": "digits",
    "(10 ** 3000) ** 2": "digits",
    "200000!": "from 0 to 1,400",
    "2.5!": "whole numbers",
    "1e99999": "out of range",
    "exp(1e6)": "between",
    "sin(1e70)": "1e60",
    "((((1": "missing",
    "1 2": "not expected",
    "3,5": "3.5",
    "2 +": "ends too early",
    "* 2": "value is missing",
    "1 < 2 < 3": "two values",
    "(1 < 2) + 1": "comparison",
    "max()": "takes 1 to 500",
    "pow(2)": "takes 2",
    "sqrt 4": "parentheses",
    "__import__('os')": "cannot be read",
    "x.__class__": "cannot be read",
    "(" * 100 + "1" + ")" * 100: "deep",
    "1+" * 1500 + "1": "at most 2,000",
    "1+" * 400 + "1": "parts",
    "-" * 100 + "1": "in a row",
    "1 km to 5 m": "must be a unit",
}


@pytest.mark.parametrize(("expression", "result"), EXACT.items(), ids=str)
def test_what_can_be_exact_is(expression: str, result: str) -> None:
    told = calculate(expression)
    assert (told["result"], told["exact"]) == (result, True)


@pytest.mark.parametrize(("expression", "result"), ROUNDED.items(), ids=str)
def test_what_cannot_be_exact_is_rounded_and_says_so(expression: str, result: float) -> None:
    told = calculate(expression)
    assert told["exact"] is False
    assert float(told["result"]) == pytest.approx(result, rel=1e-14, abs=1e-30)


@pytest.mark.parametrize(("expression", "result"), WITH_UNITS.items(), ids=str)
def test_units_are_worked_with(expression: str, result: tuple[str, str]) -> None:
    told = calculate(expression)
    assert (told["result"], told["unit"]) == result


@pytest.mark.parametrize(("expression", "words"), REFUSED.items(), ids=lambda one: one[:20])
def test_what_has_no_value_is_explained(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as raised:
        calculate(expression)
    assert type(raised.value).__name__ == "CalculationError"


def test_a_fraction_comes_with_its_decimals() -> None:
    assert calculate("2/3", precision=5)["approximate"] == "0.66667"
    assert calculate("4/2") == {"expression": "4/2", "result": "2", "exact": True}


def test_digits_are_right_as_far_as_asked_for() -> None:
    hundred = calculate("pi", precision=100)["result"]
    assert hundred == (
        "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482"
        "5342117068"
    )
    assert calculate("sqrt(2)", precision=3)["result"] == "1.41"
    assert (
        calculate("exp(1)", precision=40)["result"] == "2.718281828459045235360287471352662497757"
    )


def test_a_long_whole_number_is_whole_and_has_a_short_form() -> None:
    told = calculate("100!")
    assert told["result"] == str(math.factorial(100))
    assert told["approximate"].startswith("9.33262154439441526")
    assert told["approximate"].endswith("E+157")


@pytest.mark.parametrize("precision", [0, 101, "20", None, 2.5])
def test_a_precision_out_of_bounds_is_refused(precision: Any) -> None:
    with pytest.raises(ValueError, match="from 1 to 100"):
        calculate("1", precision=precision)


LEAVES = st.fractions(min_value=-999, max_value=999, max_denominator=64)


def _written(value: Fraction) -> tuple[str, Fraction | None]:
    return f"({value.numerator}/{value.denominator})", value


def _joined(
    parts: tuple[tuple[str, Fraction | None], str, tuple[str, Fraction | None]],
) -> tuple[str, Fraction | None]:
    """The text of an operation, and what it gives: None for a division by zero within."""
    (left, one), sign, (right, other) = parts
    text = f"({left} {sign} {right})"
    if one is None or other is None or (sign in ("/", "//", "%") and not other):
        return text, None
    operations = {"+": one.__add__, "-": one.__sub__, "*": one.__mul__}
    if sign in operations:
        return text, Fraction(operations[sign](other))
    return text, {"/": lambda: one / other, "//": lambda: Fraction(one // other)}.get(
        sign, lambda: one % other
    )()


TREES = st.recursive(
    LEAVES.map(_written),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
        _joined
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_any_arithmetic_is_what_fractions_give(tree: tuple[str, Fraction | None]) -> None:
    text, value = tree
    if value is None:
        with pytest.raises(ValueError, match="Division by zero"):
            calculate(text)
    else:
        assert Fraction(calculate(text)["result"]) == value


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="0123456789.+-*/%^!()<>=, eπ√²kmsincoto°CF", max_size=40))
def test_any_text_has_a_value_or_an_explanation(text: str) -> None:
    with suppress(load("calculator").CalculationError):
        assert calculate(text)["result"]
