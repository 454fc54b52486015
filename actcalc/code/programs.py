"""Correctly rounded code as text: programs of operations on float64 and words, in any language."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from actcalc.arithmetic.program import (
    FLOAT,
    TRUTH,
    WORD,
    Expr,
    Program,
    bits,
    equal,
    from_bits,
    minimum,
    select,
    to_float,
    variable,
    word,
)
from actcalc.code.correct import NEAR, Certified
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import Format, hex_text

_WIDTH = 88
_ATOM, _UNARY, _PRODUCT, _SUM, _LOW = range(5, 0, -1)
"""Binding strengths of the parts of a text."""


class CorrectFunction(NamedTuple):
    """A function to be printed."""

    name: str
    certified: Certified
    exceptions: Mapping[int, int]
    """Patterns of inputs that the program rounds wrongly, and of their right results."""
    tests: Mapping[int, int] = {}
    """Patterns of inputs for the printed test, and of their right results."""

    def patterns(self, fmt: Format) -> dict[int, int]:
        """Patterns of all inputs whose results are listed, and of these."""
        special = {fmt.to_bits(z): fmt.to_bits(value) for z, value in self.certified.special}
        return special | dict(self.exceptions)


class CorrectUnit(NamedTuple):
    """The contents of one file of correctly rounded code."""

    title: str
    functions: Sequence[CorrectFunction]
    dtype: Format
    header: tuple[str, ...] = ()


class Text(NamedTuple):
    """A part of an expression and its binding strength."""

    text: str
    level: int = _ATOM

    def within(self, level: int) -> str:
        """The text, in parentheses if it binds less than a level."""
        return self.text if self.level >= level else f"({self.text})"


class Printer:
    """Prints programs; subclasses spell the operations and the functions around them in a language."""

    comment = "//"
    end = ";"
    operators: ClassVar[dict[str, str]] = {
        "add": "+",
        "sub": "-",
        "mul": "*",
        "div": "/",
        "and": "&",
        "or": "|",
        "xor": "^",
        "shl": "<<",
        "shr": ">>",
        "lt": "<",
        "le": "<=",
        "eq": "==",
    }

    def __init__(self, unit: CorrectUnit) -> None:
        self.unit, self.fmt = unit, unit.dtype
        self.tables = {
            id(table): self.table_name(name) for one in unit.functions for table, name in one.certified.tables
        }
        """The names of tables, by identity."""

    def table_name(self, name: str) -> str:
        return name

    # Operations

    def constant(self, x: Expr) -> Text:
        """A constant."""
        if x.kind == TRUTH:
            return Text(self.truth(x.number))
        if x.kind == WORD:
            return Text(self.word(x.number))
        text = self.number(x.number)
        return Text(text, _UNARY if text.startswith("-") else _ATOM)

    def number(self, x: float) -> str:
        """A float64, in decimal if that is short and exact."""
        if x != x or abs(x) == float("inf"):
            return self.not_finite(x)
        return repr(x) if x * 1024 == int(x * 1024) and abs(x) < 1e5 else self.digits(x)

    def digits(self, x: float) -> str:
        return hex_text(x)

    def not_finite(self, x: float) -> str:
        raise NotImplementedError

    def truth(self, x: bool) -> str:
        return "true" if x else "false"

    def word(self, x: int) -> str:
        return f"{x}u" if x < 1024 else f"{x:#x}u"

    def operation(self, x: Expr, args: Sequence[Text]) -> Text:
        """The text of an operation."""
        op = x.op
        if op == "add" and x.kind == FLOAT and args[1].text.startswith("-"):
            op, args = "sub", [args[0], Text(args[1].text[1:])]
        if op in ("add", "sub", "mul", "div") and x.kind == FLOAT:
            return self.arithmetic(op, *args)
        if op in self.operators and x.kind == WORD:
            return self.of_words(op, *args)
        if op in ("lt", "le", "eq"):
            return Text(f"{args[0].within(_SUM)} {self.operators[op]} {args[1].within(_SUM)}", _LOW)
        return getattr(self, f"do_{op}")(x, *args)  # type: ignore[no-any-return]

    def arithmetic(self, op: str, a: Text, b: Text) -> Text:
        level = _PRODUCT if op in ("mul", "div") else _SUM
        return Text(f"{a.within(level)} {self.operators[op]} {b.within(level + 1)}", level)

    def of_words(self, op: str, a: Text, b: Text) -> Text:
        return Text(f"{a.within(_ATOM)} {self.operators[op]} {b.within(_ATOM)}", _LOW)

    def do_abs(self, x: Expr, a: Text) -> Text:
        raise NotImplementedError

    def do_neg(self, x: Expr, a: Text) -> Text:
        return Text(f"-{a.within(_ATOM)}", _UNARY)

    def do_not(self, x: Expr, a: Text) -> Text:
        return Text(f"!{a.within(_ATOM)}", _UNARY)

    def do_and(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"{a.within(_ATOM)} && {b.within(_ATOM)}", _LOW)

    def do_or(self, x: Expr, a: Text, b: Text) -> Text:
        return Text(f"{a.within(_ATOM)} || {b.within(_ATOM)}", _LOW)

    def do_select(self, x: Expr, condition: Text, a: Text, b: Text) -> Text:
        return Text(f"{condition.within(_LOW)} ? {a.within(_LOW + 1)} : {b.within(_LOW + 1)}", 0)

    def do_take(self, x: Expr, place: Text) -> Text:
        return Text(f"{self.tables[id(x.data)]}[{place.text}]")

    # Statements

    def declare(self, kind: str, name: str, text: str) -> str:
        raise NotImplementedError

    def declare_changing(self, name: str, text: str) -> str:
        raise NotImplementedError

    def body(self, program: Program, names: Mapping[Expr, str]) -> tuple[list[str], str]:
        """The statements of a program, and the text of its result."""
        links = _Links(program, names)
        lines: list[str] = []
        used: dict[str, int] = {}
        texts: dict[Expr, Text] = {}

        def name_of(x: Expr) -> str:
            stem = names.get(x, "t" if x.kind == FLOAT else "w" if x.kind == WORD else "is")
            used[stem] = used.get(stem, 0) + 1
            return stem if used[stem] == 1 and x in names else f"{stem}{used[stem]}"

        for step in program.steps:
            if step.op == "variable":
                texts[step] = Text("z")
            elif step.op == "constant":
                texts[step] = self.constant(step)
            elif step in links.inner:
                continue
            elif step in links.chains:
                start, x, terms = links.chains[step]
                inner_sum = step
                name = name_of(step)
                lines.append(self.declare_changing(name, texts[start].text))
                for term in terms:
                    product = self.arithmetic("mul", Text(name), texts[x])
                    lines.append(
                        f"{name} = {self.operation(inner_sum, [product, texts[term]]).text}{self.end}"
                    )
                texts[step] = Text(name)
            else:
                note = NOTES.get(names.get(step, ""))
                if note and f"{self.comment} {note}" not in lines:
                    lines.append(f"{self.comment} {note}")
                text = self.operation(step, [texts[x] for x in step.args])
                if not links.needs_name(step, text.text):
                    texts[step] = text
                else:
                    name = name_of(step)
                    lines.append(self.declare(step.kind, name, text.text))
                    texts[step] = Text(name)
        return lines, texts[program.results[0]].text

    def written(self, program: Program, names: Mapping[Expr, str] = MappingProxyType({})) -> list[str]:
        """The statements of a program, the last of which is its result."""
        lines, result = self.body(program, names)
        return [*lines, result]

    # The file

    def write(self) -> str:
        """The text of the unit."""
        functions = [self.function(one) for one in self.unit.functions]
        tests = [self.test()] if any(one.tests for one in self.unit.functions) else []
        parts = [self.header(), self.head.rstrip(), *self.needed_helpers(functions), *self.table_texts()]
        return self.between.join(part for part in (*parts, *functions, *tests) if part) + "\n"

    head = ""
    between = "\n\n"

    def header(self) -> str:
        """The lines at the top."""
        return "\n".join(f"{self.comment} {line}".rstrip() for line in self.unit.header)

    def function(self, one: CorrectFunction) -> str:
        """A function, including its special cases."""
        raise NotImplementedError

    def test(self) -> str:
        """A test of all functions."""
        raise NotImplementedError

    def helpers(self) -> dict[str, str]:
        """Helper functions by name, each after those that it calls."""
        return {}

    def needed_helpers(self, functions: Sequence[str]) -> list[str]:
        """The texts of the helpers that functions, or other helpers, call."""
        found: list[str] = []
        waiting = "\n".join(functions)
        for name, text in reversed(self.helpers().items()):
            if f"{name}(" in waiting:
                found.insert(0, text)
                waiting += text
        return found

    def table_texts(self) -> list[str]:
        """The declarations of the tables that are used."""
        known: dict[int, Array] = {}
        for function in self.unit.functions:
            known |= {id(table): table for table, _ in function.certified.tables}
        return [self.table_text(self.tables[key], table) for key, table in known.items()]

    def table_text(self, name: str, table: Array) -> str:
        """The declaration of a table."""
        raise NotImplementedError

    def entries(self, table: Array) -> list[str]:
        """The texts of the numbers in a table."""
        return [self.word(x) if isinstance(x, int) else self.number(x) for x in table.tolist()]

    def conditions(self, certified: Certified) -> list[str]:
        """The condition under which each program but the last applies."""
        z = Text("z")
        found = [f"z <= {self.number(segment.upto)}" for segment in certified.segments[:-1]]
        if certified.near is not None:
            found.insert(0, f"{self.do_abs(certified.near, z).text} < {self.number(NEAR)}")
        return found

    def listed(self, one: CorrectFunction) -> tuple[dict[int, int], dict[int, int]]:
        """The special inputs and the hard ones, each with its results."""
        return {z: y for z, y in one.patterns(self.fmt).items() if z not in one.exceptions}, dict(
            one.exceptions
        )

    def told(self, pattern: int, result: int) -> str:
        """An input and its result in words."""
        z, y = (self.fmt.text(self.fmt.from_bits(x)) for x in (pattern, result))
        return f"{z} gives {y}"


NOTES = {
    "steps": "The exponential is 2**count * (1 + grown).",
    "half": "The logarithm of 1 + f is f - half + s * (half + ...), by powers of s = f / (2 + f).",
    "place": "The table has the constants of the interval of the argument.",
    "odd": "Rounded to odd, so that the final rounding sees on which side of the sum the exact value lies.",
}
"""The comments before the first statement of a name."""

HARD = "Results too close to the midpoint of two floats for the operations below:"


class _Links:
    """The polynomials in a program, and the numbers of uses of its steps."""

    def __init__(self, program: Program, names: Mapping[Expr, str]) -> None:
        self.uses: dict[Expr, int] = dict.fromkeys(program.results, 1)
        for step in program.steps:
            for x in step.args:
                self.uses[x] = self.uses.get(x, 0) + 1
        self.names = names
        self.chains: dict[Expr, tuple[Expr, Expr, list[Expr]]] = {}
        """For the last sum of each polynomial its first coefficient, argument and other coefficients."""
        self.inner: set[Expr] = set()
        """The other steps of polynomials."""
        for step in reversed(program.steps):
            if step not in self.inner and (found := self._chain(step)) is not None:
                self.chains[step] = found

    def _chain(self, last: Expr) -> tuple[Expr, Expr, list[Expr]] | None:
        """The polynomial by Horner's rule whose last step this is, if it has more than three terms."""
        terms: list[Expr] = []
        inner: list[Expr] = []
        x, at = None, last
        while at.op == "add" and at.kind == FLOAT and at.args[0].op == "mul":
            product, term = at.args
            factor, argument = product.args
            is_own = at is last or (self.uses[at] == 1 and at not in self.names)
            if self.uses[product] > 1 or not is_own or (x is not None and argument is not x):
                break
            if not (term.is_constant or term.op == "take"):
                break
            x = argument
            terms.append(term)
            inner += [product, *([] if at is last else [at])]
            at = factor
        if x is None or len(terms) < 3:
            return None
        if at is x:  # the highest coefficient was 1
            return None
        self.inner.update(inner)
        return at, x, terms[::-1]

    def needs_name(self, step: Expr, text: str) -> bool:
        """Whether a step gets a statement of its own."""
        if step in self.names or len(text) > _WIDTH - 12:
            return True
        return self.uses[step] > 1 and step.op not in ("neg", "abs", "bits")


def rounded_pattern(fmt: Format) -> Expr:
    """The pattern of a float64 rounded once to a format of 16 bits."""
    z = variable()
    size, shift = abs(z), 52 - fmt.mantissa_bits
    found = bits(size)
    # Adds half of the last place, a bit less where that place is even, so that ties go to even.
    rounded = (found + ((1 << (shift - 1)) - 1) + ((found >> shift) & 1)) >> shift
    normal = minimum(rounded - ((1023 - fmt.bias) << fmt.mantissa_bits), word(fmt.first_nan - 1))
    subnormal = bits(size * 2.0**-fmt.quantum_exponent + 2.0**52) & ((1 << fmt.bits) - 1)
    pattern = select(size < fmt.smallest_normal, subnormal, normal)
    pattern = pattern | ((bits(z) >> 63) << (fmt.bits - 1))
    return select(equal(z, z), pattern, word(fmt.to_bits(float("nan"))))


def value_of_pattern(fmt: Format) -> Expr:
    """The finite value, as a float64, of a pattern of 16 bits."""
    z = variable(kind=WORD)
    size = z & ((1 << fmt.bits - 1) - 1)
    normal = from_bits((size << (52 - fmt.mantissa_bits)) + ((1023 - fmt.bias) << 52))
    value = select(size < (1 << fmt.mantissa_bits), to_float(size) * 2.0**fmt.quantum_exponent, normal)
    return from_bits(bits(value) | ((z >> (fmt.bits - 1)) << 63))
