"""How large a number may become."""

from fractions import Fraction

from grammar import CalculationError

__all__ = ["MAX_DIGITS", "checked", "digits_of", "too_large"]

MAX_DIGITS = 4_000
BITS_PER_DIGIT = 3.3219280948873626


def digits_of(value: int) -> int:
    """About how many decimal digits an integer has."""
    return int(value.bit_length() / BITS_PER_DIGIT) + 1


def checked(value: Fraction) -> Fraction:
    """The value itself. Raises CalculationError where it has more than MAX_DIGITS digits."""
    digits = max(digits_of(abs(value.numerator)), digits_of(value.denominator))
    if digits > MAX_DIGITS + 1:
        raise too_large(digits)
    return value


def too_large(digits: float) -> CalculationError:
    """The error for a number of about so many digits."""
    return CalculationError(
        f"A value on the way has about {digits:,.0f} digits; at most {MAX_DIGITS:,} are worked out. "
        "Work with smaller numbers, or with their logarithms."
    )
