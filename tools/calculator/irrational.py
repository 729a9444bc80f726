"""Functions whose values no fraction holds, to as many digits as are asked for.

Each takes and gives a Decimal and works in the context's precision plus guard digits of its own.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, getcontext, localcontext

__all__ = [
    "GUARD_DIGITS",
    "acos",
    "asin",
    "atan",
    "context",
    "cos",
    "pi",
    "sin",
    "with_guard_digits",
]

GUARD_DIGITS = 12
MAX_FURTHER_DIGITS = 100
HALF = Decimal("0.5")


def context(digits: int) -> Context:
    """Arithmetic of so many significant digits, with room for any exponent that is let in."""
    return Context(prec=digits, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)


def with_guard_digits(function: Callable[[Decimal], Decimal], value: Decimal) -> Decimal:
    """`function(value)` worked out with further digits and rounded to the context's."""
    digits = getcontext().prec
    further = GUARD_DIGITS + min(abs(value.adjusted()), MAX_FURTHER_DIGITS)
    with localcontext(context(digits + further)):
        result = function(value)
    return result.normalize(context(digits))


def pi() -> Decimal:
    """Half of the circle's circumference, in the context's precision (Machin's formula)."""
    with localcontext() as inner:
        inner.prec += GUARD_DIGITS
        quarter = 4 * _atan_series(1 / Decimal(5)) - _atan_series(1 / Decimal(239))
        return Decimal(4) * quarter


def sin(angle: Decimal) -> Decimal:
    """Sine of an angle in radians."""
    rest = _within_half_turn(angle)
    return _alternating(rest, rest, 1)


def cos(angle: Decimal) -> Decimal:
    """Cosine of an angle in radians."""
    return _alternating(_within_half_turn(angle), Decimal(1), 0)


def atan(value: Decimal) -> Decimal:
    """The angle in radians, between -π/2 and π/2, whose tangent this is."""
    halvings = 0
    while abs(value) > Decimal("0.05"):
        value = value / (1 + (1 + value * value).sqrt())
        halvings += 1
    return _atan_series(value) * Decimal(2) ** halvings


def asin(value: Decimal) -> Decimal:
    """The angle in radians, between -π/2 and π/2, whose sine this is (from -1 to 1)."""
    if abs(value) == 1:
        return value * pi() * HALF
    return atan(value / (1 - value * value).sqrt())


def acos(value: Decimal) -> Decimal:
    """The angle in radians, between 0 and π, whose cosine this is (from -1 to 1)."""
    return pi() * HALF - asin(value)


def _within_half_turn(angle: Decimal) -> Decimal:
    turn = 2 * pi()
    return angle - turn * (angle / turn).to_integral_value()


def _alternating(angle: Decimal, first: Decimal, number: int) -> Decimal:
    """first - first·x²/((n+1)(n+2)) + …, until nothing is added."""
    total, term, square = first, first, angle * angle
    while term:
        term *= -square / ((number + 1) * (number + 2))
        number += 2
        before, total = total, total + term
        if before == total:
            break
    return total


def _atan_series(value: Decimal) -> Decimal:
    total, power, square, number = value, value, value * value, 1
    while power:
        power *= -square
        number += 2
        before, total = total, total + power / number
        if before == total:
            break
    return total
