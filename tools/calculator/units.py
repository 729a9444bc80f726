"""Quantities: numbers with units of the pint library, with fractions as magnitudes."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pint
from bounds import checked
from grammar import CalculationError
from pint.util import to_units_container

__all__ = ["Units"]

ALIKE = ("abs", "max", "min", "sum", "mean", "average", "avg", "median", "hypot", "stdev", "pstdev")
ROUNDING = ("round", "floor", "ceil", "trunc")
ANGLES = ("sin", "cos", "tan")
MAX_POWER = 100
Arithmetic = Callable[[str, Fraction, Fraction], Fraction]


class Units:
    """The units of pint's default registry. All errors of it become CalculationError."""

    def __init__(self) -> None:
        self._registry: Any = _registry()

    def told(self, units: Any) -> tuple[str, str]:
        """A unit in full (`kilometer / hour`) and by its symbols (`km/h`)."""
        parts = list(to_units_container(units).items())
        symbols = [(self._registry.get_symbol(name), power) for name, power in parts]
        return _written(parts, " / ", " * "), _written(symbols, "/", "·")

    def plain(self, quantity: Any) -> Fraction | None:
        """The number that a ratio is (`10 m / 5 km` is 0.002), None of what has a unit."""
        root = self._guarded(quantity.to_root_units)
        return None if to_units_container(root.units) else checked(Fraction(root.magnitude))

    def unit(self, name: str) -> Any:
        """One of the unit of this name."""
        try:
            return self._registry.Quantity(Fraction(1), self._registry.Unit(name))
        except (pint.PintError, AttributeError, KeyError, TypeError, ValueError) as exc:
            raise CalculationError(self._unknown(name)) from exc

    def measure(self, number: Any, unit: Any) -> Any:
        """So many of a unit; of a scale with an offset (°C), the point on it."""
        if isinstance(number, Fraction):
            return self._registry.Quantity(number, unit.units)
        return self._guarded(lambda: number * unit)

    def negative(self, value: Any) -> Any:
        """-value."""
        return self._guarded(lambda: self._exact(-value))

    def convert(self, value: Any, unit: Any) -> Any:
        """The value in another unit."""
        if isinstance(unit, Fraction) or unit.magnitude != 1:
            raise CalculationError("What stands after `to` must be a unit: `3 km to mile`.")
        quantity = self._quantity(value)
        return self._guarded(lambda: self._exact(quantity.to(unit.units)))

    def compare(self, compare: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
        """Whether the relation holds between two values of one dimension."""
        one, other = self._quantity(left), self._quantity(right)
        same = self._guarded(lambda: other.to(one.units))
        return compare(one.magnitude, same.magnitude)

    def arithmetic(self, sign: str, left: Any, right: Any, arithmetic: Arithmetic) -> Any:
        """left (sign) right, where at least one has a unit."""
        if sign in ("/", "//", "%") and not self._quantity(right).magnitude:
            raise CalculationError("Division by zero has no result.")
        match sign:
            case "+":
                return self._guarded(lambda: self._exact(left + right))
            case "-":
                return self._guarded(lambda: self._exact(left - right))
            case "*":
                return self._guarded(lambda: self._exact(left * right))
            case "/":
                return self._guarded(lambda: self._exact(left / right))
            case "**":
                return self._power(left, right, arithmetic)
        one, other = self._quantity(left), self._quantity(right)
        same = self._guarded(lambda: other.to(one.units))
        result = arithmetic(sign, one.magnitude, same.magnitude)
        return result if sign == "//" else self._registry.Quantity(result, one.units)

    def call(
        self, name: str, values: list[Any], apply: Callable[[str, list[Fraction]], Fraction]
    ) -> Any:
        """A function of quantities: of one kind, of an angle, or one that rounds."""
        first = self._quantity(values[0])
        if name in ANGLES:
            return apply(name, [self._guarded(lambda: first.to("radian")).magnitude])
        if name in ("sqrt", "cbrt"):
            degree = Fraction(1, 2 if name == "sqrt" else 3)
            magnitude = apply(name, [first.magnitude])
            return self._registry.Quantity(magnitude, self._guarded(lambda: first.units**degree))
        if name in ALIKE:
            alike = [self._guarded(self._quantity(one).to, first.units) for one in values]
            result = apply(name, [Fraction(one.magnitude) for one in alike])
            return self._registry.Quantity(result, first.units)
        if name in ROUNDING and all(isinstance(one, Fraction) for one in values[1:]):
            result = apply(name, [first.magnitude, *values[1:]])
            return self._registry.Quantity(result, first.units)
        return apply(name, [self._plain(name, one) for one in values])

    def _power(self, base: Any, exponent: Any, arithmetic: Arithmetic) -> Any:
        if not isinstance(exponent, Fraction):
            exponent = self._plain("**", exponent)
        base = self._quantity(base)
        if abs(exponent) > MAX_POWER:
            raise CalculationError(f"Units are raised to powers of at most {MAX_POWER}.")
        magnitude = arithmetic("**", base.magnitude, exponent)
        whole = exponent.numerator if exponent.denominator == 1 else exponent
        return self._registry.Quantity(magnitude, self._guarded(lambda: base.units**whole))

    def _plain(self, name: str, value: Any) -> Fraction:
        """The number that a quantity without dimension is (an angle, a ratio of lengths)."""
        quantity = self._quantity(value)
        if not self._guarded(lambda: quantity.dimensionless):
            raise CalculationError(
                f"`{name}` works on plain numbers, not on {_full(quantity.units)}."
            )
        return Fraction(self._guarded(lambda: quantity.to("dimensionless")).magnitude)

    def _quantity(self, value: Any) -> Any:
        if isinstance(value, bool):
            raise CalculationError("A comparison cannot be calculated with.")
        return self._registry.Quantity(value, "") if isinstance(value, Fraction) else value

    def _exact(self, quantity: Any) -> Any:
        """With a Fraction again, where the library made a float of whole numbers."""
        return self._registry.Quantity(checked(Fraction(quantity.magnitude)), quantity.units)

    def _guarded(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return operation(*arguments)
        except pint.DimensionalityError as exc:
            raise CalculationError(_mismatch(exc)) from None  # its words cannot be shown
        except pint.OffsetUnitCalculusError as exc:
            raise CalculationError(
                "Temperatures on a scale cannot be calculated with. Convert them "
                "(`100 degF to degC`), or use kelvin, or `delta_degC` for differences."
            ) from exc
        except (pint.PintError, TypeError, OverflowError, ZeroDivisionError) as exc:
            raise CalculationError("These units cannot be calculated with in this way.") from exc

    def _is_known(self, name: str) -> bool:
        try:
            return bool(name) and name in self._registry
        except pint.PintError:
            return False

    def _unknown(self, name: str) -> str:
        for other in (name.lower(), name.capitalize(), name.upper(), name.rstrip("s")):
            if other != name and self._is_known(other):
                return f"There is no unit or name `{name}`. Did you mean `{other}`?"
        return (
            f"There is no unit, constant or variable `{name}`. Units are written as `km`, `mile`, "
            "`kg`, `degC`, `hour`; constants are pi, e, tau, phi; currencies are not known."
        )


@cache
def _registry() -> Any:
    """The one that a warm interpreter has read already, else one of our own."""
    shared: Any = pint.application_registry
    prepared = shared.get()
    if isinstance(prepared, pint.UnitRegistry) and prepared.non_int_type is Fraction:
        return prepared
    return pint.UnitRegistry(non_int_type=Fraction)


def _written(parts: list[tuple[str, Any]], over: str, times: str) -> str:
    """m, m^2, kg·m/s^2."""
    above = [_raised(name, power) for name, power in parts if power > 0]
    below = [_raised(name, -power) for name, power in parts if power < 0]
    return over.join([times.join(above) or "1", *below]) if parts else ""


def _full(units: Any) -> str:
    """In words; pint's own formatter knows no exponents that are fractions."""
    if units in ("", "dimensionless"):
        return "a plain number"
    return _written(list(to_units_container(units).items()), " / ", " * ") or "a plain number"


def _raised(name: str, power: Any) -> str:
    return name if power == 1 else f"{name}^{power}"


def _mismatch(exc: pint.DimensionalityError) -> str:
    """What does not fit, with a hint where C and F were meant as temperatures."""
    one, other = _full(exc.units1), _full(exc.units2)
    hint = ""
    if {one, other} & {"farad", "coulomb"}:
        hint = " F is farad and C is coulomb; temperatures are degF and degC."
    return f"{one} and {other} measure different things, one cannot become the other.{hint}"
