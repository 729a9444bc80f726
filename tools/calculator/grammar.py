"""From the text of an expression to its tree: nothing is ever evaluated as Python."""

import re
from dataclasses import dataclass
from fractions import Fraction

__all__ = [
    "CONSTANTS",
    "FUNCTION_NAMES",
    "Binary",
    "CalculationError",
    "Call",
    "Convert",
    "Name",
    "Node",
    "Number",
    "Postfix",
    "Token",
    "Unary",
    "parse",
]

MAX_CHARS = 2_000
MAX_TOKENS = 600
MAX_DEPTH = 60
MAX_EXPONENT = 4_000

CONSTANTS = ("pi", "e", "tau", "phi")
# fmt: off
FUNCTION_NAMES = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "average", "avg", "cbrt",
    "ceil", "comb", "cos", "cosh", "degrees", "exp", "factorial", "floor", "gcd", "hypot",
    "isqrt", "lcm", "ln", "log", "log10", "log2", "max", "mean", "median", "min", "mod", "ncr",
    "npr", "perm", "pow", "pstdev", "pvariance", "radians", "root", "round", "sign", "sin",
    "sinh", "sqrt", "stdev", "sum", "tan", "tanh", "trunc", "variance",
)
# fmt: on
ALIASES = {
    "arccos": "acos",
    "arcsin": "asin",
    "arctan": "atan",
    "ceiling": "ceil",
    "choose": "comb",
    "fact": "factorial",
    "lg": "log10",
    "nCr": "ncr",
    "nPr": "npr",
    "std": "stdev",
    "var": "variance",
}
SIGNS = str.maketrans(
    {
        "×": "*",
        "✕": "*",
        "·": "*",
        "⋅": "*",
        "∙": "*",
        "∗": "*",
        "÷": "/",
        "∕": "/",
        "−": "-",
        "–": "-",
        "—": "-",
        "‒": "-",
        "π": " pi ",
        "τ": " tau ",
        "φ": " phi ",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "→": "->",
        "[": "(",
        "]": ")",
        "μ": "µ",
        "’": "'",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{THIN SPACE}": " ",
    }
)
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
WORDS = {"plus": "+", "minus": "-", "times": "*", "of": "*", "mod": "%", "per": "/", "over": "/"}
CONVERSIONS = ("to", "in", "as", "into")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
ASKING = re.compile(r"^\s*(?:what is|what's|calculate|compute|evaluate)\s+", re.IGNORECASE)
SPACES = re.compile(r"\s*")
NUMBER = re.compile(
    r"0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+"
    r"|(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
)
GROUPED = re.compile(r"\d{1,3}(?:(?:'\d{3})+|(?: \d{3})+)(?!\d)(?:\.\d+)?")
GROUPED_BY_COMMAS = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?")
NAME = re.compile(r"[^\W\d]\w*")
OPERATOR = re.compile(r"\*\*|//|<=|>=|==|!=|->|[-+*/%^()!,<>=√]")


class CalculationError(ValueError):
    """The expression has no value that can be worked out; the message says why and what to do."""

    is_told = True


@dataclass(frozen=True, slots=True)
class Number:
    value: Fraction


@dataclass(frozen=True, slots=True)
class Name:
    """A constant or a unit."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    sign: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Postfix:
    """`!` or `%` after its operand."""

    sign: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary:
    """`sign` is Python's, or `measure` for a number with the unit that stands right after it."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Convert:
    operand: "Node"
    unit: "Node"


Node = Number | Name | Unary | Postfix | Binary | Call | Convert


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """`number`, `name`, `end`, or the operator itself."""
    text: str
    is_apart: bool = False
    """A space stands before it."""


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises CalculationError where it is none, or is too long or too deep.
    """
    if len(text) > MAX_CHARS:
        raise CalculationError(
            f"The expression has {len(text):,} characters; at most {MAX_CHARS:,} are read."
        )
    tokens = _Scanner(_plain(text)).tokens()
    if len(tokens) == 1:
        raise CalculationError("The expression is empty. Give one such as `2 * (3 + 4)`.")
    return _Parser(tokens).whole()


def _plain(text: str) -> str:
    """The signs of typesetting as those of a keyboard; what asks for the result is left out."""
    text = re.sub(r"°\s*([CF])\b", r" deg\1 ", text).replace("°", " degree ")
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+", lambda run: f"**({run[0].translate(RAISED)})", text)
    text = ASKING.sub("", text)
    text = text.translate(SIGNS).replace("\\times", "*").replace("\\cdot", "*")
    text = re.sub(r"(?<=[\d)])\s*divided\s+by\b", "/", text)
    text = re.sub(r"(?<![\w.])(\d[\d.,]*)\s*[xX]\s+(?=[\d(])", r"\1 * ", text)
    text = re.sub(r"(?<![\w.])([1-9][\d.,]*)[xX](?=\d)", r"\1*", text)
    return text.strip().rstrip("?").rstrip().removesuffix("=").strip()


class _Scanner:
    """Splits text into tokens. A comma groups thousands where it cannot separate arguments."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens: list[Token] = []
        self._calls: list[bool] = []

    def tokens(self) -> list[Token]:
        while self._at < len(self._text):
            start = self._at
            self._at = self._match(SPACES).end()
            if self._at < len(self._text):
                self._add(self._next(is_apart=self._at > start))
        self._add(Token("end", "the end"))
        return self._tokens

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            sign = self._text[self._at]
            raise CalculationError(f"`{sign}` cannot be read in an expression.")
        return found

    def _add(self, token: Token) -> None:
        if len(self._tokens) >= MAX_TOKENS:
            raise CalculationError(f"The expression has more than {MAX_TOKENS} parts.")
        if token.kind == "(":
            before = self._tokens[-1] if self._tokens else None
            self._calls.append(before is not None and before.kind == "name")
        elif token.kind == ")" and self._calls:
            self._calls.pop()
        self._tokens.append(token)

    def _next(self, *, is_apart: bool) -> Token:
        sign = self._text[self._at]
        if sign.isdigit() or (sign == "." and self._text[self._at + 1 : self._at + 2].isdigit()):
            return Token("number", self._number(), is_apart)
        if sign.isalpha() or sign == "_":
            found = self._match(NAME)
            self._at = found.end()
            return self._word(found[0], is_apart=is_apart)
        found = self._match(OPERATOR)
        self._at = found.end()
        kind = {"^": "**", "=": "=="}.get(found[0], found[0])
        return Token(kind, found[0], is_apart)

    def _number(self) -> str:
        patterns = [GROUPED, NUMBER]
        if not (self._calls and self._calls[-1]):
            patterns.insert(0, GROUPED_BY_COMMAS)
        found = next(
            match for one in patterns if (match := one.match(self._text, self._at)) is not None
        )
        self._at = found.end()
        return re.sub(r"[,'_ ]", "", found[0])

    def _word(self, word: str, *, is_apart: bool) -> Token:
        is_call = self._text[self._at : self._at + 1] == "("
        if word in WORDS and self._tokens and not (is_call and word == "mod"):
            return Token(WORDS[word], word, is_apart)
        if (is_call and word.lower() in FUNCTION_NAMES) or word.lower() in ("pi", "tau"):
            word = word.lower()
        return Token("name", ALIASES.get(word, word), is_apart)


class _Parser:
    """Precedence climbing: convert < compare < add < multiply < sign < power < postfix."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def _here(self) -> Token:
        return self._tokens[self._at]

    def whole(self) -> Node:
        node = self._conversion()
        if self._here.kind == ",":
            raise CalculationError(
                "A comma groups thousands (`1,234`) or stands between arguments (`max(1, 2)`). "
                "Write decimals with a point: `3.5`."
            )
        if self._here.kind != "end":
            raise CalculationError(f"`{self._here.text}` was not expected here.")
        return node

    def _take(self) -> Token:
        token = self._here
        self._at += token.kind != "end"
        return token

    def _expect(self, kind: str) -> None:
        if self._take().kind != kind:
            raise CalculationError(f"A `{kind}` is missing.")

    def _conversion(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CalculationError(f"The expression is nested more than {MAX_DEPTH} deep.")
        node = self._comparison()
        while self._is_conversion():
            self._take()
            node = Convert(node, self._sum())
        self._depth -= 1
        return node

    def _is_conversion(self) -> bool:
        return self._here.kind == "->" or (
            self._here.kind == "name" and self._here.text in CONVERSIONS
        )

    def _comparison(self) -> Node:
        left = self._sum()
        if self._here.kind not in COMPARISONS:
            return left
        sign = self._take().kind
        node = Binary(sign, left, self._sum())
        if self._here.kind in COMPARISONS:
            raise CalculationError("Compare two values at a time.")
        return node

    def _sum(self) -> Node:
        node = self._product()
        while self._here.kind in ("+", "-"):
            sign = self._take().kind
            node = Binary(sign, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._signed()
        while True:
            if self._here.kind in ("*", "/", "//", "%"):
                sign = self._take().kind
                node = Binary(sign, node, self._signed())
            elif self._begins_operand():
                node = Binary("*", node, self._power())
            else:
                return node

    def _begins_operand(self) -> bool:
        """What follows is multiplied without a sign: `2 pi`, `2(3 + 4)`; two numbers are not."""
        before = self._tokens[self._at - 1]
        if self._here.kind == "number":
            return before.kind == ")"
        return self._here.kind in ("(", "√") or (
            self._here.kind == "name" and not self._is_conversion()
        )

    def _signed(self) -> Node:
        signs = 0
        first = self._at
        while self._here.kind in ("+", "-"):
            signs += self._take().kind == "-"
            if self._at - first > MAX_DEPTH:
                raise CalculationError("Too many signs stand in a row.")
        node = self._power()
        return Unary("-", node) if signs % 2 else node

    def _power(self) -> Node:
        base = self._postfix()
        if self._here.kind != "**":
            return base
        self._take()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CalculationError(f"The expression is nested more than {MAX_DEPTH} deep.")
        exponent = self._signed()
        self._depth -= 1
        return Binary("**", base, exponent)

    def _postfix(self) -> Node:
        node = self._primary()
        while self._here.kind == "!" or (self._here.kind == "%" and self._is_percent()):
            node = Postfix(self._take().kind, node)
        return node

    def _is_percent(self) -> bool:
        """`15%` and `15% of 80` are shares; `17 % 5` and `17%5` are remainders."""
        after = self._tokens[self._at + 1]
        if after.kind in ("end", ")", ",", "*", "/", "//", "**", "+", *COMPARISONS):
            return True
        return after.kind == "-" and not self._here.is_apart and after.is_apart

    def _primary(self) -> Node:
        token = self._take()
        match token.kind:
            case "number":
                return self._measured(Number(_value(token.text)))
            case "(":
                node = self._conversion()
                self._expect(")")
                return node
            case "√":
                return Call("sqrt", (self._power(),))
            case "name" if self._here.kind == "(" and not self._is_unit(token):
                return self._call(token)
            case "name" if token.text in FUNCTION_NAMES and token.text != "min":
                raise CalculationError(f"Put what `{token.text}` works on into parentheses.")
            case "name":
                return Name(token.text)
        raise CalculationError(
            "The expression ends too early."
            if token.kind == "end"
            else f"A value is missing before `{token.text}`."
        )

    def _is_unit(self, token: Token) -> bool:
        """A name before a parenthesis that is known to be no function: `pi (2)`."""
        return token.text in CONSTANTS

    def _call(self, name: Token) -> Node:
        self._take()
        arguments: list[Node] = []
        while self._here.kind != ")":
            arguments.append(self._conversion())
            if self._here.kind != ")":
                self._expect(",")
        self._expect(")")
        return Call(name.text, tuple(arguments))

    def _measured(self, number: Node) -> Node:
        """A number binds its unit closer than anything: `100 km / 2 h` is 50 km/h."""
        node = number
        while self._here.kind == "name" and self._names_unit():
            unit: Node = Name(self._take().text)
            if self._here.kind == "**":
                self._take()
                unit = Binary("**", unit, self._signed())
            node = Binary("measure", node, unit)
        if node is not number and self._continues_measure():
            further = self._measured(Number(_value(self._take().text)))
            return Binary("+", node, further)
        return node

    def _continues_measure(self) -> bool:
        """`5 ft 3 in`, `2 h 30 min`: a further number with a unit of its own is added."""
        after = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        is_unit = after.kind == "name" and after.text not in CONSTANTS
        return self._here.kind == "number" and is_unit

    def _names_unit(self) -> bool:
        name, after = self._here.text, self._tokens[self._at + 1]
        if name in CONSTANTS or after.kind == "(":
            return False
        if name == "in":
            ends = after.kind != "name" or after.text in CONVERSIONS
            return self._tokens[self._at - 1].kind == "number" and ends
        return name not in CONVERSIONS


def _value(text: str) -> Fraction:
    """The exact value of a number as it is written."""
    if text[:2].lower() in ("0x", "0b", "0o"):
        return Fraction(int(text, 0))
    exponent = text.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > MAX_EXPONENT:
        raise CalculationError(
            f"`{text}` is out of range: exponents go from -{MAX_EXPONENT:,} to {MAX_EXPONENT:,}."
        )
    return Fraction(text)
