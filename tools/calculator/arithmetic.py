"""The value of a tree, as an exact fraction as long as that is possible."""

import difflib
import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import functions
import irrational
from bounds import checked
from grammar import (
    CONSTANTS,
    FUNCTION_NAMES,
    Binary,
    CalculationError,
    Call,
    Convert,
    Name,
    Node,
    Number,
    Postfix,
    Unary,
)

if TYPE_CHECKING:
    from units import Units

__all__ = ["Evaluator", "Value"]

ANGLES = ("sin", "cos", "tan")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
Value = Any
"""A Fraction, a bool, or a quantity with a Fraction as its magnitude (pint has no types for it)."""


@dataclass(slots=True)
class Evaluator:
    """Works one expression out. is_exact: no value had to be rounded on the way.

    digits: significant ones of a value that had to be.
    """

    digits: int
    is_exact: bool = True
    _units: "Units | None" = None

    def evaluate(self, node: Node) -> Value:
        """The value of a tree. Raises CalculationError where there is none."""
        match node:
            case Number(value):
                return value
            case Name(name):
                return self._named(name)
            case Unary(_, operand):
                value = self._number_or_quantity(operand)
                return -value if isinstance(value, Fraction) else self.units.negative(value)
            case Postfix("!", operand):
                return self._call("factorial", (operand,))
            case Postfix(_, operand):
                return self._binary("/", operand, Number(Fraction(100)))
            case Convert(operand, unit):
                return self.units.convert(self.evaluate(operand), self.evaluate(unit))
            case Call(function, arguments):
                return self._call(function, arguments)
            case Binary("measure", left, right):
                return self.units.measure(self.evaluate(left), self.evaluate(right))
            case Binary(sign, left, right):
                return self._binary(sign, left, right)

    def _binary(self, sign: str, left: Node, right: Node) -> Value:
        if sign in COMPARE:
            return self._compare(sign, self.evaluate(left), self.evaluate(right))
        one = self._number_or_quantity(left)
        if sign in "+-" and isinstance(right, Postfix) and right.sign == "%":
            other = one * self._number(right)
        else:
            other = self._number_or_quantity(right)
        if isinstance(one, Fraction) and isinstance(other, Fraction):
            return self._arithmetic(sign, one, other)
        return self.units.arithmetic(sign, one, other, self._arithmetic)

    def _arithmetic(self, sign: str, left: Fraction, right: Fraction) -> Fraction:
        match sign:
            case "+":
                return self._settled(left + right)
            case "-":
                return self._settled(left - right)
            case "*":
                return self._settled(left * right)
            case "**":
                return self._settled(self._power(left, right))
        if not right:
            raise CalculationError("Division by zero has no result.")
        match sign:
            case "/":
                return self._settled(left / right)
            case "//":
                return Fraction(left // right)
            case _:
                return self._settled(left % right)

    def _power(self, base: Fraction, exponent: Fraction) -> Fraction:
        exact = functions.exact_power(base, exponent)
        if exact is not None:
            return exact
        return self._rounded(functions.power, base, exponent)

    def _compare(self, sign: str, left: Value, right: Value) -> bool:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return COMPARE[sign](left, right)
        return self.units.compare(COMPARE[sign], left, right)

    def _call(self, name: str, arguments: tuple[Node, ...]) -> Value:
        values = [self._number_or_quantity(one) for one in arguments]
        if name not in FUNCTION_NAMES:
            raise CalculationError(_unknown(name, FUNCTION_NAMES, "function"))
        if any(not isinstance(one, Fraction) for one in values):
            return self.units.call(name, values, self._apply)
        return self._apply(name, values)

    def _apply(self, name: str, values: list[Fraction]) -> Fraction:
        functions.check_count(name, len(values))
        if name == "pow":
            return self._arithmetic("**", *values)
        if name == "mod":
            return self._arithmetic("%", *values)
        exact = functions.exact(name, values)
        if exact is not None:
            return self._settled(exact)
        was_exact = self.is_exact
        result = self._rounded(functions.approximate, name, values)
        noise = Fraction(1, 10 ** (self.digits + 4))
        if name in ANGLES and not was_exact and abs(result) < noise:
            return Fraction(0)
        if name == "tan" and abs(result) * noise > 1:
            raise CalculationError("`tan` has no value at a right angle.")
        return result

    def _named(self, name: str) -> Value:
        if name not in CONSTANTS:
            return self.units.unit(name)
        return self._rounded(functions.constant, name)

    def _rounded(self, function: Callable[..., Decimal], *arguments: Any) -> Fraction:
        self.is_exact = False
        with localcontext(irrational.context(self.digits + irrational.GUARD_DIGITS)):
            return checked(Fraction(function(*arguments)))

    def _settled(self, value: Fraction) -> Fraction:
        """Within bounds; what is rounded already needs no more digits than those that count."""
        if self.is_exact or value.denominator.bit_length() < 8 * self.digits + 400:
            return checked(value)
        return self._rounded(functions.decimal, value)

    def _number(self, node: Node) -> Fraction:
        value = self.evaluate(node)
        if not isinstance(value, Fraction):
            raise CalculationError("A plain number is needed here, without a unit.")
        return value

    def _number_or_quantity(self, node: Node) -> Value:
        value = self.evaluate(node)
        if isinstance(value, bool):
            raise CalculationError("A comparison cannot be calculated with.")
        return value

    @property
    def units(self) -> "Units":
        """Made when the first unit is met: reading pint's definitions takes most of a second."""
        if self._units is None:
            from units import Units

            self._units = Units()
        return self._units


def _unknown(name: str, known: tuple[str, ...], kind: str) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    hint = f"Did you mean {', '.join(f'`{one}`' for one in near)}?" if near else ""
    listed = "" if near else f"There are: {', '.join(known)}."
    return f"There is no {kind} `{name}`. {hint}{listed}"
