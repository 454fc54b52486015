"""Parse formulas in z, as people write them, into trees.

The syntax is that of mathematical expressions in Python, plus a few notations of calculators. No text is
ever executed. Anything not listed here is rejected with its place, and so are formulas that are too long, too
deeply nested or of too high a power to be evaluated quickly.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, NamedTuple, NoReturn

from actcalc.arithmetic.spelling import LONGEST, Typed, Word, words_of
from actcalc.errors import ActcalcError, did_you_mean, quote
from actcalc.numbers.numerals import parse_exact


class Node(NamedTuple):
    """A node of a formula's tree, with its operands in ``parts``.

    ``kind`` is ``number``, ``name``, ``call``, an operator, ``if`` (condition, then, else), ``and``, ``or``,
    ``not``, or a comparison. ``**`` is a power with the exponent ``number``, ``^`` a power of two parts.
    """

    kind: str
    parts: tuple["Node", ...] = ()
    name: str = ""
    number: Fraction = Fraction(0)
    keywords: tuple[tuple[str, Fraction], ...] = ()


class Callee(NamedTuple):
    """A function that a formula can call."""

    least: int
    """The least number of its arguments."""
    most: int
    """The greatest number of its arguments."""
    reach: int = 1
    """The highest power of an argument in its value."""
    parameters: tuple[str, ...] = ()
    elsewhere: str = ""
    """A note if libraries mean different functions by its name."""


Functions = Callable[[str], Callee | None]
"""Look up a function by name; None if it is unknown."""

DEEPEST, HIGHEST = 60, 1000
_MOST_BITS = 20_000
"""The most bits of a constant that is computed while a formula is read."""

CONSTANTS = ("pi", "e")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_CONDITIONS = (*_COMPARISONS, "and", "or", "not")
_BINDING = {
    "if": 1,
    "or": 2,
    "and": 3,
    **dict.fromkeys(_COMPARISONS, 5),
    **dict.fromkeys("+-", 6),
    **dict.fromkeys("*/", 7),
    **dict.fromkeys(("**", "^"), 9),
}
_NOT, _SUM, _SIGNED, _POWER = 4, 6, 8, 9
_KEYWORDS = ("if", "else", "or", "and", "not")

_MODULES = (
    *("np", "numpy", "math", "torch", "F", "nn", "functional", "jnp", "jax", "tf", "keras", "activations"),
    *("ops", "mx", "special", "scipy"),
)
"""Names of modules that may precede functions and constants."""
_ELSEWHERE = {
    "ln": "log",
    **dict.fromkeys(("arctan", "arctg"), "atan"),
    **dict.fromkeys(("arcsinh", "arsinh"), "asinh"),
    **dict.fromkeys(("absolute", "fabs"), "abs"),
    **dict.fromkeys(("maximum", "fmax"), "max"),
    **dict.fromkeys(("minimum", "fmin"), "min"),
    "tg": "tan",
    "sh": "sinh",
    "ch": "cosh",
    "th": "tanh",
}
"""Names of functions in other languages, and their names here."""
_REWRITTEN = {
    **dict.fromkeys(("pow", "power"), 2),
    "square": 1,
    "exp2": 1,
    "where": 3,
    "clip": 3,
    "clamp": 3,
}
"""Functions that are rewritten to other operations, with the number of their arguments."""
_INSTEAD = {
    "asin": "atan({x}/sqrt(1 - {x}**2))",
    "acos": "pi/2 - atan({x}/sqrt(1 - {x}**2))",
    "acosh": "log({x} + sqrt({x}**2 - 1))",
    "atanh": "log((1 + {x})/(1 - {x}))/2",
    "sec": "1/cos({inside})",
    "csc": "1/sin({inside})",
    "cot": "1/tan({inside})",
    "sech": "1/cosh({inside})",
    "csch": "1/sinh({inside})",
    "coth": "1/tanh({inside})",
    "sinc": "sin({inside})/{x}",
    "logit": "log({x}/(1 - {x}))",
    "cbrt": "{x}**(1/3)",
    "sign": "(1 if {x} > 0 else -1 if {x} < 0 else 0)",
}
"""Functions that formulas lack, and replacements for them."""
_INSTEAD |= {f"arc{name[1:]}": _INSTEAD[name] for name in ("asin", "acos", "acosh", "atanh")}
_INSTEAD |= {"sgn": _INSTEAD["sign"]}
_JUMPS = "functions that jump at every whole number are not supported"
_REFUSED = {
    **dict.fromkeys(("floor", "ceil", "round", "trunc", "int", "rint"), _JUMPS),
    "lg": "it means log2 to some and log10 to others",
}
"""Functions that formulas lack, and the reasons."""
_NO_NUMBERS = ("inf", "infinity", "nan")
_SIGNS = {
    "[": "use ( ) for brackets",
    "{": "use ( ) for brackets",
    "|": "write abs(z) for |z|, or between conditions",
    "&": "write and between conditions",
    "\\": "write as in Python: exp(-z), not LaTeX",
    "?": "write A if CONDITION else B",
    "=": "write == in a condition",
    "!": "write not before a condition",
    "#": "a formula has no comments",
    "'": "a formula has no strings",
    '"': "a formula has no strings",
    "%": "formulas have neither remainders nor percentages",
    "\u221a": "write sqrt(z)",
    "\u221e": "infinity is not a number here",
}
"""Characters that are not allowed in a formula, and advice on what to write."""


def parse_formula(formula: Typed, functions: Functions, known: Iterable[str] = ()) -> Node:
    """Parse a formula to its tree; hints may suggest names from ``known``.

    Raises ActcalcError, with the place, if the text is not a formula or exceeds a limit.
    """
    if len(formula.text) > LONGEST:
        raise ActcalcError(f"a formula has at most {LONGEST} characters, not {len(formula.text)}")
    tree = _Parser(formula, functions, known).whole()
    if reach_of(tree, functions) > HIGHEST:
        raise ActcalcError(f"formula {quote(formula.typed)}: powers above {HIGHEST} are not supported")
    return tree


def names_in(node: Node) -> set[str]:
    """The names in a formula: z, parameters, constants."""
    own = {node.name} if node.kind == "name" else set()
    return own.union(*(names_in(part) for part in node.parts))


def reach_of(node: Node, functions: Functions) -> int:
    """An upper bound on the powers of z in a formula, a measure of the work to evaluate it."""
    powers = [reach_of(part, functions) for part in node.parts]
    match node.kind:
        case "number":
            # Powers of numbers with many digits are large, too.
            return 1 + _bits(node.number) // 1000
        case "name":
            return 1
        case "**":
            return powers[0] * max(abs(node.number.numerator), 1) * node.number.denominator
        case "call":
            callee = functions(node.name)
            return sum(powers) * (callee.reach if callee else 1)
        case "if" | "and" | "or" | "not" | "negative":
            return max(powers)
    return sum(powers)


def constant_of(node: Node) -> Fraction | None:
    """The value of a constant formula; None if it is not constant, or has too many digits."""
    if node.kind == "number":
        return node.number
    parts = [value for part in node.parts if (value := constant_of(part)) is not None]
    if not parts or len(parts) < len(node.parts):
        return None
    x, *others = parts
    found: Fraction | None = None
    match node.kind:
        case "negative":
            found = -x
        case "+":
            found = x + others[0]
        case "-":
            found = x - others[0]
        case "*":
            found = x * others[0]
        case "/" if others[0]:
            found = x / others[0]
        case "**" if node.number.denominator == 1 and (x or node.number > 0):
            if _bits(x) * abs(node.number) <= _MOST_BITS:
                found = x ** int(node.number)
    return found if found is not None and _bits(found) <= _MOST_BITS else None


def _bits(x: Fraction) -> int:
    return max(x.numerator.bit_length(), x.denominator.bit_length())


class _Part(NamedTuple):
    """A parsed part: its tree, the depth of that, and its first word."""

    node: Node
    depth: int
    first: Word


class _Before(NamedTuple):
    """The first word and the operator of a quotient or power whose right operand is being parsed."""

    first: Word
    operator: Word


class _Parser:
    """An operator precedence parser (Pratt, Top down operator precedence, 1973)."""

    def __init__(self, formula: Typed, functions: Functions, known: Iterable[str]) -> None:
        self.formula, self.text = formula, formula.text
        self.functions = functions
        self.known = known
        self.words = words_of(self.text)
        self.next = 0
        self.level = 0

    @property
    def word(self) -> Word:
        return self.words[self.next]

    def take(self, text: str = "") -> Word:
        """Take the next word, which must be ``text`` if that is given."""
        word = self.word
        if text and word.text != text:
            missing = "the bracket is not closed" if text == ")" else f"{text} is missing"
            self.unexpected(missing if word.kind == "end" else f"{missing} before it")
        self.next += word.kind != "end"
        return word

    def fail(self, word: Word, reason: str, hint: str = "") -> NoReturn:
        rest = self.formula.typed_from(word.place)
        place = f"at {quote(rest, 20)}" if rest else "at its end"
        raise ActcalcError(f"formula {quote(self.formula.typed)}, {place}: {reason}", hint)

    def unexpected(self, reason: str) -> NoReturn:
        """Fail at the next word, with the reason in _SIGNS if it has one, else ``reason``."""
        word = self.word
        self.fail(word, _SIGNS.get(word.text, reason))

    def source(self, first: Word, end: Word) -> str:
        """The text from one word up to another, in ASCII."""
        return self.text[first.place : end.place].strip()

    def whole(self) -> Node:
        """The tree of the whole formula."""
        depth = 0
        for word in self.words:
            depth += (word.text == "(") - (word.text == ")")
            if word.kind == "other":
                self.fail(word, _SIGNS.get(word.text, "this cannot be part of a formula"))
            if word.text == "lambda":
                self.fail(word, "write only the expression after the colon")
            if word.text == "=" and depth == 0:
                self.fail(word, "write only the right-hand side")
        part = self.number(1)
        if self.word.kind != "end":
            self.unexpected(
                "this bracket was never opened" if self.word.text == ")" else "this does not belong here"
            )
        return part.node

    def number(self, least: int, before: _Before | None = None) -> _Part:
        """Parse a part that is a number, with operators that bind at least as tightly as ``least``."""
        return self.checked(self.part(least, before), False)

    def checked(self, part: _Part, is_condition: bool) -> _Part:
        if (part.node.kind in _CONDITIONS) != is_condition:
            self.fail(
                part.first,
                "a condition such as z > 0 is needed here"
                if is_condition
                else "a number is needed here, not a condition: write A if CONDITION else B",
            )
        return part

    def build(self, kind: str, first: Word, *parts: _Part, **more: Any) -> _Part:
        depth = 1 + max((part.depth for part in parts), default=0)
        if depth > DEEPEST + 1:
            self.fail(first, f"nested deeper than {DEEPEST}")
        return _Part(Node(kind, tuple(part.node for part in parts), **more), depth, first)

    def part(self, least: int, before: _Before | None = None) -> _Part:
        self.level += 1
        if self.level > 3 * DEEPEST:
            self.fail(self.word, f"nested deeper than {DEEPEST}")
        left = self.prefix(before)
        while (binding := _BINDING.get(self.word.text, 0)) >= max(least, 1):
            left = self.combined(left, binding)
        self.level -= 1
        return left

    def prefix(self, before: _Before | None) -> _Part:
        """Parse a part that begins with a sign or ``not``, or is a number, name, call or bracket."""
        word = self.word
        if word.text in ("+", "-"):
            self.take()
            inside = self.number(_SIGNED, before)
            return self.build("negative", word, inside) if word.text == "-" else inside._replace(first=word)
        if word.text == "not":
            self.take()
            return self.build("not", word, self.checked(self.part(_NOT), True))
        if word.text == "(":
            self.take()
            inside = self.part(1)
            self.take(")")
            found = inside._replace(first=word)
        elif word.kind == "number":
            found = self.literal()
            if self.begins():
                return self.multiple(found, before)
        elif word.kind == "name" and word.text not in _KEYWORDS:
            found = self.named()
        elif word.kind == "end":
            self.fail(word, "something is missing")
        else:
            self.unexpected("a number, a name or a bracket is needed here")
        if self.begins() or self.word.kind == "number":
            other = self.source(word, self.word)
            self.fail(self.word, f"an operator is missing before it; write {other}*... for a product")
        return found

    def begins(self) -> bool:
        """Whether a name or a bracket begins here."""
        word = self.word
        return word.text == "(" or (word.kind == "name" and word.text not in _KEYWORDS)

    def multiple(self, factor: _Part, before: _Before | None) -> _Part:
        """Parse the implicit product of a number and a name or bracket; fail if it is ambiguous."""
        start = self.word
        right = self.number(_POWER)
        if before is not None:
            left, operator = self.source(before.first, before.operator), before.operator
            number, rest = self.source(factor.first, start), self.source(start, self.word)
            sign = self.text[operator.end : factor.first.place].strip()
            over = f"{left}{operator.text}{sign}"
            self.fail(
                factor.first,
                "the divisor is ambiguous" if operator.text == "/" else "the exponent is ambiguous",
                f"write ({over}{number})*{rest} or {left}{operator.text}({sign}{number}*{rest})",
            )
        return self.build("*", factor.first, factor, right)

    def combined(self, left: _Part, binding: int) -> _Part:
        """Parse the next operator and its right operand, and combine them with ``left``."""
        operator = self.word
        first = left.first
        if operator.text == "if":
            self.take()
            self.checked(left, False)
            condition = self.checked(self.part(2), True)
            self.take("else")
            return self.build("if", first, condition, left, self.number(1))
        if operator.text in ("and", "or"):
            self.take()
            self.checked(left, True)
            return self.build(operator.text, first, left, self.checked(self.part(binding + 1), True))
        if operator.text in _COMPARISONS:
            return self.comparison(left)
        self.take()
        self.checked(left, False)
        if operator.text in ("**", "^"):
            return self.power(left, self.number(_SIGNED, _Before(first, operator)))
        before = _Before(first, operator) if operator.text == "/" else None
        return self.build(operator.text, first, left, self.number(binding + 1, before))

    def comparison(self, left: _Part) -> _Part:
        sides, pairs = [self.checked(left, False)], []
        while self.word.text in _COMPARISONS:
            kind = self.take().text
            sides.append(self.number(_SUM))
            pairs.append(self.build(kind, left.first, *sides[-2:]))
        found = pairs[0]
        for pair in pairs[1:]:
            found = self.build("and", left.first, found, pair)
        return found

    def power(self, base: _Part, exponent: _Part) -> _Part:
        value = constant_of(exponent.node)
        if value is not None:
            if max(abs(value.numerator), value.denominator) > HIGHEST:
                self.fail(exponent.first, f"exponents above {HIGHEST} are not supported")
            return self.build("**", base.first, base, number=value)
        if base.node == _E:
            return self.build("call", base.first, exponent, name="exp")
        inside, above = names_in(base.node), names_in(exponent.node)
        base_text, text = (
            self.source(part.first, end) for part, end in ((base, exponent.first), (exponent, self.word))
        )
        base_text = base_text.rstrip("*^ ")
        if "z" in inside and above & {"z", *CONSTANTS}:
            self.fail(
                exponent.first,
                "if the base depends on z, the exponent must be a rational number",
                f"write exp({_bracketed(text)}*log({base_text})), which is defined for positive {base_text}",
            )
        if not above:
            self.fail(exponent.first, f"an exponent must be a rational number up to {HIGHEST}")
        constant = constant_of(base.node)
        if "z" in above and constant is not None and constant <= 0:
            self.fail(base.first, "a power with z in its exponent needs a positive base")
        return self.build("^", base.first, base, exponent)

    def literal(self) -> _Part:
        word = self.take()
        after = self.word
        if "_" in word.text:
            self.fail(word, "this is not a decimal number", f"write {word.text.replace('_', '')}")
        if after.place == word.end and after.kind == "number":
            self.fail(word, "this is not a decimal number")
        if word.text == "0" and after.place == word.end and after.text[:1] in "xXbo" and after.kind == "name":
            self.fail(word, "this is not a decimal number")
        try:
            return self.build("number", word, number=parse_exact(word.text))
        except ActcalcError as error:
            self.fail(word, error.line)

    def named(self) -> _Part:
        word = self.take()
        *modules, name = word.text.split(".")
        if not all(module in _MODULES for module in modules):
            self.fail(word, f"{modules[0]} is not a module that formulas know")
        if self.word.text == "(":
            name = _ELSEWHERE.get(name, name)
            return self.call(word, name, bool(modules))
        if name in _NO_NUMBERS:
            self.fail(word, "a formula can contain only finite numbers")
        is_function = self.functions(name) is not None or (name in _ELSEWHERE and self.begins())
        if name not in CONSTANTS and (modules or is_function):
            callee = self.functions(name)
            inside = "0, z" if callee is not None and callee.least > 1 else "z"
            self.fail(word, f"{name} is a function: write {word.text}({inside})")
        return self.build("name", word, name=name)

    def call(self, word: Word, name: str, is_from_module: bool) -> _Part:
        callee = Callee(_REWRITTEN[name], _REWRITTEN[name]) if name in _REWRITTEN else self.functions(name)
        open_bracket = self.take("(")
        if callee is None:
            self.no_function(word, name, open_bracket)
        if is_from_module and callee.elsewhere:
            self.fail(word, callee.elsewhere)
        parts: list[_Part] = []
        given: list[tuple[str, Fraction]] = []
        while self.word.text != ")":
            keyword = self.word
            if keyword.kind == "name" and self.words[self.next + 1].text == "=":
                self.next += 2
                value = constant_of((part := self.part(1)).node)
                if value is None:
                    self.fail(part.first, f"{keyword.text} must be a constant")
                given.append((keyword.text, value))
            else:
                parts.append(self.checked(self.part(1), name == "where" and not parts))
            if self.word.text != ")":
                self.take(")" if self.word.kind == "end" else ",")
        self.take(")")
        if not callee.least <= len(parts) <= callee.most:
            self.wrong_count(word, name, callee, parts)
        if given and not callee.parameters:
            self.fail(word, f"{name} has no parameters, but {given[0][0]} is given")
        if name in _REWRITTEN:
            return self.rewritten(name, parts)
        return self.build("call", word, *parts, name=name, keywords=tuple(given))

    def rewritten(self, name: str, parts: list[_Part]) -> _Part:
        """Rewrite a function of other libraries to operations of formulas."""
        first = parts[0].first
        match name:
            case "square":
                return self.build("**", first, parts[0], number=Fraction(2))
            case "exp2":
                return self.power(_Part(Node("number", number=Fraction(2)), 1, first), parts[0])
            case "where":
                return self.build("if", first, *parts)
            case "clip" | "clamp":
                largest = self.build("call", first, *parts[:2], name="max")
                return self.build("call", first, largest, parts[2], name="min")
        return self.power(parts[0], parts[1])

    def no_function(self, word: Word, name: str, bracket: Word) -> NoReturn:
        if name in ("z", *CONSTANTS):
            self.fail(bracket, f"an operator is missing before it; write {word.text}*(...) for a product")
        if name in _INSTEAD:
            inside = self.part(1)
            argument = self.source(inside.first, self.word)
            x = argument if inside.depth == 1 else f"({argument})"
            self.fail(word, f"there is no {name}", f"write {_INSTEAD[name].format(x=x, inside=argument)}")
        if name in _REFUSED:
            self.fail(word, _REFUSED[name])
        self.fail(word, f"there is no function {quote(name)}", did_you_mean(name, [*self.known, *_ELSEWHERE]))

    def wrong_count(self, word: Word, name: str, callee: Callee, parts: list[_Part]) -> NoReturn:
        count = f"{callee.least}" if callee.least == callee.most else f"{callee.least} or more"
        hint = ""
        if len(parts) == 2 and (callee.parameters or name == "log"):
            x, second = (
                self.source(part.first, end)
                for part, end in zip(
                    parts, (self._before(parts[1].first), self._before(self.word)), strict=True
                )
            )
            hint = (
                f"write {name}({x}, {callee.parameters[0]}={second})"
                if callee.parameters
                else f"write log({x})/log({second})"
            )
        self.fail(word, f"{name} takes {count} argument{'s' * (count != '1')}, not {len(parts)}", hint)

    def _before(self, word: Word) -> Word:
        """The word before ``word``."""
        return self.words[self.words.index(word) - 1]


_E = Node("name", name="e")


def _bracketed(text: str) -> str:
    return text if text.isidentifier() or text.isdigit() or text.startswith("(") else f"({text})"
