"""What the functions give: exactly where a fraction holds the value, else rounded."""

import math
import statistics
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import irrational
from bounds import MAX_DIGITS, digits_of, too_large
from grammar import CalculationError
from irrational import with_guard_digits

__all__ = [
    "approximate",
    "check_count",
    "constant",
    "decimal",
    "exact",
    "exact_power",
    "power",
]

MAX_FACTORIAL = 1_400
MAX_ANGLE = 10**60
MAX_ROOT = 1_000
HALF = Fraction(1, 2)
COUNTS = {
    "atan2": (2, 2),
    "comb": (2, 2),
    "ncr": (2, 2),
    "npr": (2, 2),
    "perm": (2, 2),
    "pow": (2, 2),
    "mod": (2, 2),
    "root": (2, 2),
    "log": (1, 2),
    "round": (1, 2),
}
MANY = [
    "average",
    "avg",
    "gcd",
    "hypot",
    "lcm",
    "max",
    "mean",
    "median",
    "min",
    "pstdev",
    "pvariance",
    "stdev",
    "sum",
    "variance",
]


def check_count(name: str, count: int) -> None:
    """Raises CalculationError where a function is given too few or too many values."""
    least, most = (1, 500) if name in MANY else COUNTS.get(name, (1, 1))
    if least <= count <= most:
        return
    wanted = f"{least}" if least == most else f"{least} to {most}"
    raise CalculationError(f"`{name}` takes {wanted} value(s), not {count}.")


def exact(name: str, values: list[Fraction]) -> Fraction | None:
    """The value where it is a fraction and that is known without rounding, else None."""
    if name in EXACT:
        return Fraction(EXACT[name](*values))
    first = values[0]
    match name:
        case "sqrt":
            return exact_power(first, HALF)
        case "cbrt":
            return _exact_root(first, Fraction(3))
        case "root":
            return _exact_root(first, values[1])
        case "hypot":
            return exact_power(sum((one * one for one in values), Fraction(0)), HALF)
        case "stdev" | "pstdev":
            return exact_power(_variance(name, values), HALF)
        case "log10" | "log2":
            return _exact_logarithm(first, 10 if name == "log10" else 2)
        case "log" if len(values) == 2 and values[1].denominator == 1 and values[1] > 1:
            return _exact_logarithm(first, values[1].numerator)
        case "exp" | "cos" | "cosh" if first == 0:
            return Fraction(1)
        case "ln" | "log" | "acos" | "acosh" if first == 1:
            return Fraction(0)
        case "sin" | "tan" | "asin" | "atan" | "sinh" | "tanh" | "asinh" | "atanh" if first == 0:
            return Fraction(0)
    return None


def approximate(name: str, values: list[Fraction]) -> Decimal:
    """The value in the context's precision. Raises CalculationError outside of the domain."""
    numbers = [decimal(one) for one in values]
    first = numbers[0]
    match name:
        case "sqrt" | "hypot" | "stdev" | "pstdev":
            if name == "hypot":
                squared = sum((one * one for one in values), Fraction(0))
            else:
                squared = values[0] if name == "sqrt" else _variance(name, values)
            return power(squared, HALF)
        case "cbrt" | "root":
            return _root(values[0], Fraction(3) if name == "cbrt" else values[1])
        case "exp":
            _check(abs(first) < 9_200, "exp", "a value between -9,200 and 9,200")
            return first.exp()
        case "ln" | "log" | "log10" | "log2":
            return _logarithm(name, numbers)
        case "radians":
            return first * irrational.pi() / 180
        case "degrees":
            return first * 180 / irrational.pi()
        case "atan2":
            return _atan2(first, numbers[1])
        case "sinh" | "cosh" | "tanh" | "asinh" | "acosh" | "atanh":
            return with_guard_digits(HYPERBOLIC[name], _in_domain(name, first))
    return with_guard_digits(TRIGONOMETRIC[name], _in_domain(name, first))


def power(base: Fraction, exponent: Fraction) -> Decimal:
    """base to a power that gives no fraction, in the context's precision."""
    if base < 0:
        raise CalculationError(
            "A negative number has no real root or fractional power; "
            "only odd roots, written as `root(x, 3)`."
        )
    _check_size(base, exponent)
    return with_guard_digits(lambda inner: inner ** decimal(exponent), decimal(base))


def exact_power(base: Fraction, exponent: Fraction) -> Fraction | None:
    """base ** exponent where that is a fraction, else None."""
    if base == 0:
        if exponent < 0:
            raise CalculationError("Zero has no negative power: that is a division by zero.")
        return Fraction(exponent == 0)
    if exponent.denominator == 1:
        if abs(base) != 1:
            _check_size(base, exponent)
            return base**exponent.numerator
        return Fraction(1) if base == 1 or exponent.numerator % 2 == 0 else Fraction(-1)
    if base < 0 or exponent.denominator > MAX_ROOT:
        return None
    root = _exact_root(base, Fraction(exponent.denominator))
    return None if root is None else exact_power(root, Fraction(exponent.numerator))


def constant(name: str) -> Decimal:
    """π, e, τ or φ in the context's precision."""
    match name:
        case "pi":
            return irrational.pi()
        case "tau":
            return 2 * irrational.pi()
        case "e":
            return Decimal(1).exp()
        case _:
            return (1 + Decimal(5).sqrt()) / 2


def decimal(value: Fraction) -> Decimal:
    """A fraction rounded to the context's precision."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def _check(holds: bool, name: str, wanted: str) -> None:
    if not holds:
        raise CalculationError(f"`{name}` needs {wanted}.")


def _check_size(base: Fraction, exponent: Fraction) -> None:
    """Refuses a power that would be too long before it is worked out."""
    larger = max(digits_of(abs(base.numerator)), digits_of(base.denominator))
    least = max(abs(base.numerator), base.denominator)
    digits = abs(exponent) * (math.log10(least) if larger < 300 else larger)
    if digits > MAX_DIGITS:
        raise too_large(float(min(digits, 10**300)))


def _whole(name: str, value: Fraction) -> int:
    _check(value.denominator == 1, name, "whole numbers")
    return value.numerator


def _exact_root(value: Fraction, degree: Fraction) -> Fraction | None:
    whole = _whole("root", degree)
    _check(0 < whole <= MAX_ROOT, "root", f"a degree from 1 to {MAX_ROOT:,}")
    if value < 0:
        if whole % 2 == 0:
            raise CalculationError("A negative number has no real even root.")
        below = _exact_root(-value, degree)
        return None if below is None else -below
    top, bottom = _integer_root(value.numerator, whole), _integer_root(value.denominator, whole)
    return None if top is None or bottom is None else Fraction(top, bottom)


def _integer_root(value: int, degree: int) -> int | None:
    """The integer whose power this is, None where there is none (Newton's method)."""
    if value < 2 or degree == 1:
        return value
    root = 1 << -(-value.bit_length() // degree)
    while True:
        better = ((degree - 1) * root + value // root ** (degree - 1)) // degree
        if better >= root:
            return root if root**degree == value else None
        root = better


def _root(value: Fraction, degree: Fraction) -> Decimal:
    sign = -1 if value < 0 else 1
    return sign * power(abs(value), 1 / degree)


def _exact_logarithm(value: Fraction, base: int) -> Fraction | None:
    _check(value > 0, "log", "a value above zero")
    if value < 1:
        below = _exact_logarithm(1 / value, base)
        return None if below is None else -below
    if value.denominator != 1:
        return None
    exponent, rest = 0, value.numerator
    while rest % base == 0:
        exponent, rest = exponent + 1, rest // base
    return Fraction(exponent) if rest == 1 else None


def _logarithm(name: str, numbers: list[Decimal]) -> Decimal:
    first = numbers[0]
    _check(first > 0, name, "a value above zero")
    if name == "log10":
        return first.log10()
    base = Decimal(2) if name == "log2" else numbers[1] if len(numbers) == 2 else None
    if base is None:
        return first.ln()
    _check(base > 0 and base != 1, name, "a base above zero that is not 1")
    return first.ln() / base.ln()


def _atan2(y: Decimal, x: Decimal) -> Decimal:
    if x == 0:
        _check(y != 0, "atan2", "another point than (0, 0)")
        return irrational.pi() / 2 * (1 if y > 0 else -1)
    angle = irrational.atan(y / x)
    if x > 0:
        return angle
    return angle + irrational.pi() * (1 if y >= 0 else -1)


def _in_domain(name: str, value: Decimal) -> Decimal:
    match name:
        case "asin" | "acos":
            _check(abs(value) <= 1, name, "a value from -1 to 1")
        case "atanh":
            _check(abs(value) < 1, name, "a value between -1 and 1")
        case "acosh":
            _check(value >= 1, name, "a value of at least 1")
        case "sinh" | "cosh" | "tanh":
            _check(abs(value) < 9_200, name, "a value between -9,200 and 9,200")
        case "sin" | "cos" | "tan":
            _check(abs(value) < MAX_ANGLE, name, "an angle below 1e60")
    return value


def _factorial(value: Fraction) -> int:
    whole = _whole("factorial", value)
    _check(0 <= whole <= MAX_FACTORIAL, "factorial", f"a value from 0 to {MAX_FACTORIAL:,}")
    return math.factorial(whole)


def _choose(name: str, function: Callable[[int, int], int]) -> Callable[..., int]:
    def choose(total: Fraction, chosen: Fraction) -> int:
        whole, part = _whole(name, total), _whole(name, chosen)
        _check(whole >= 0 and part >= 0, name, "values of at least 0")
        few = part if name == "npr" else min(part, whole - part)
        if few > 0 and few * math.log10(max(whole, 2)) > 4 * MAX_DIGITS:
            raise too_large(few * math.log10(whole))
        return function(whole, part)

    return choose


def _round(value: Fraction, places: Fraction = Fraction(0)) -> Fraction:
    """To so many decimals; halves away from zero, as taught at school."""
    digits = _whole("round", places)
    _check(abs(digits) <= MAX_DIGITS // 2, "round", f"at most {MAX_DIGITS // 2:,} decimals")
    scale = Fraction(10) ** digits
    rounded = math.floor(abs(value) * scale + HALF)
    return Fraction(rounded if value >= 0 else -rounded) / scale


def _spread(name: str, function: Callable[[list[Fraction]], Fraction]) -> Callable[..., Fraction]:
    def spread(*values: Fraction) -> Fraction:
        _check(len(values) > 1 or name == "pvariance", name, "at least two values")
        return function(list(values))

    return spread


def _variance(deviation: str, values: list[Fraction]) -> Fraction:
    """What the deviation `stdev` or `pstdev` is the root of."""
    return Fraction(EXACT["variance" if deviation == "stdev" else "pvariance"](*values))


def _mean(*values: Fraction) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _isqrt(value: Fraction) -> int:
    _check(value >= 0, "isqrt", "a value of at least 0")
    return math.isqrt(math.floor(value))


EXACT: dict[str, Callable[..., Fraction | int]] = {
    "abs": abs,
    "average": _mean,
    "avg": _mean,
    "ceil": math.ceil,
    "comb": _choose("comb", math.comb),
    "factorial": _factorial,
    "floor": math.floor,
    "gcd": lambda *values: math.gcd(*(_whole("gcd", one) for one in values)),
    "isqrt": _isqrt,
    "lcm": lambda *values: math.lcm(*(_whole("lcm", one) for one in values)),
    "max": lambda *values: max(values),
    "mean": _mean,
    "median": lambda *values: statistics.median(values),
    "min": lambda *values: min(values),
    "ncr": _choose("ncr", math.comb),
    "npr": _choose("npr", math.perm),
    "perm": _choose("npr", math.perm),
    "pvariance": _spread("pvariance", statistics.pvariance),
    "round": _round,
    "sign": lambda value: (value > 0) - (value < 0),
    "sum": lambda *values: sum(values, Fraction(0)),
    "trunc": math.trunc,
    "variance": _spread("variance", statistics.variance),
}
TRIGONOMETRIC: dict[str, Callable[[Decimal], Decimal]] = {
    "acos": irrational.acos,
    "asin": irrational.asin,
    "atan": irrational.atan,
    "cos": irrational.cos,
    "sin": irrational.sin,
    "tan": lambda angle: irrational.sin(angle) / irrational.cos(angle),
}
HYPERBOLIC: dict[str, Callable[[Decimal], Decimal]] = {
    "acosh": lambda value: (value + (value * value - 1).sqrt()).ln(),
    "asinh": lambda value: (abs(value) + (value * value + 1).sqrt()).ln().copy_sign(value),
    "atanh": lambda value: ((1 + value) / (1 - value)).ln() / 2,
    "cosh": lambda value: (value.exp() + (-value).exp()) / 2,
    "sinh": lambda value: (value.exp() - (-value).exp()) / 2,
    "tanh": lambda value: 1 - 2 / ((2 * value).exp() + 1),
}
