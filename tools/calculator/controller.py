"""Exact arithmetic: fractions and decimals without rounding, functions, percentages, units."""

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from arithmetic import Evaluator
from bounds import digits_of
from grammar import CalculationError, parse
from irrational import context

__all__ = ["run"]

DEFAULT_DIGITS = 20
MAX_PRECISION = 100
MAX_DECIMALS = 200
MAX_PLAIN_DIGITS = 30


def run(parameters: dict[str, Any]) -> dict[str, Any]:
    """The value of `expression`, rounded to `precision` digits only where it must be.

    Raises CalculationError in words where there is no value.
    """
    expression = parameters.get("expression")
    if not isinstance(expression, str):
        raise CalculationError("Give the `expression` as text, such as `2 * (3 + 4)`.")
    digits = parameters.get("precision", DEFAULT_DIGITS)
    if not isinstance(digits, int) or not 1 <= digits <= MAX_PRECISION:
        raise CalculationError(f"`precision` is a number of digits from 1 to {MAX_PRECISION}.")
    evaluator = Evaluator(digits=digits + 4)
    value = evaluator.evaluate(parse(expression))
    return {"expression": expression.strip()} | _told(value, evaluator, digits)


def _told(value: Any, evaluator: Evaluator, digits: int) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"result": "true" if value else "false", "exact": evaluator.is_exact}
    number = value if isinstance(value, Fraction) else evaluator.units.plain(value)
    if number is not None:
        return _number(number, digits=digits, is_exact=evaluator.is_exact)
    magnitude = Fraction(value.magnitude)
    plain = _terminating(magnitude) if evaluator.is_exact else None
    shown = _rounded(magnitude, digits) if plain is None or len(plain) > digits + 2 else plain
    unit, symbol = evaluator.units.told(value.units)
    text = f"{shown} {symbol}"
    return {"result": shown, "exact": shown == plain, "unit": unit, "text": text}


def _number(value: Fraction, *, digits: int, is_exact: bool) -> dict[str, Any]:
    if not is_exact:
        return {"result": _rounded(value, digits), "exact": False}
    plain = _terminating(value)
    if plain is not None:
        told = {"result": plain, "exact": True}
        is_long = digits_of(abs(value.numerator)) > MAX_PLAIN_DIGITS
        return told | ({"approximate": _rounded(value, digits)} if is_long else {})
    return {
        "result": f"{value.numerator}/{value.denominator}",
        "exact": True,
        "approximate": _rounded(value, digits),
    }


def _terminating(value: Fraction) -> str | None:
    """All digits of a value that has finitely many (at most MAX_DECIMALS after the point)."""
    twos = (value.denominator & -value.denominator).bit_length() - 1
    fives, rest = 0, value.denominator >> twos
    while rest % 5 == 0:
        fives, rest = fives + 1, rest // 5
    decimals = max(twos, fives)
    if rest != 1 or decimals > MAX_DECIMALS:
        return None
    whole = str(abs(value.numerator) * 10**decimals // value.denominator).rjust(decimals + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{whole[:-decimals]}.{whole[-decimals:]}" if decimals else f"{sign}{whole}"


def _rounded(value: Fraction, digits: int) -> str:
    """The value to so many significant digits, as 0.25 or, far from 1, as 2.5E+40."""
    with localcontext(context(digits)):
        number = (Decimal(value.numerator) / Decimal(value.denominator)).normalize()
    is_near = -7 <= number.adjusted() < max(digits, 16)
    return f"{number:f}" if is_near or not number else f"{number:E}"
