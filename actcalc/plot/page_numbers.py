"""The numbers that a page can show, as texts, computed in advance at the points of a grid."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Parameter, Quantity, Shortcut, prime
from actcalc.activations.kinks import Kink
from actcalc.activations.parameters import bind
from actcalc.arithmetic.exact import WORK, Formula, evaluate, in_symbols
from actcalc.arithmetic.maths import Maths
from actcalc.arithmetic.rational import Undefined
from actcalc.arithmetic.simplification import simplify
from actcalc.arithmetic.slopes import format_formula, slope_of
from actcalc.catalogue.custom import FormulaActivation, tree_of
from actcalc.errors import Argument, UnsettledError
from actcalc.evaluation.table import quantities_upto
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text, finite_decimal
from actcalc.numbers.ranges import Grid
from actcalc.plot.scene import name
from actcalc.plot.words import Words, reason_in
from actcalc.teaching.textbook import TextbookSlope

SHARES = [Fraction(1, n) for n in (1, 2, 5, 10, 100, 1000, 10**6)]
"""The widths of the triangle, as fractions of the widest."""
VALUES = 21
"""The number of values of a parameter with a slider."""
_LONGEST_FORMULA = 300
_NO_VALUE = "nan"


class _Text:
    """Numbers as shortest texts of a float64, after ``~`` unless the float or the text is exact."""

    digits = FLOAT64.digits

    def round_exact(self, value: Fraction) -> str:
        rounded = FLOAT64.round_exact(value)
        text = FLOAT64.text(rounded)
        is_exact = math.isfinite(rounded) and value in (Fraction(rounded), Fraction(text))
        return text if is_exact else f"~{text}"

    def round_between(self, low: Decimal, high: Decimal) -> str | None:
        rounded = FLOAT64.round_between(low, high)
        return None if rounded is None else f"~{FLOAT64.text(rounded)}"


TEXT = _Text()


class _Rise(NamedTuple):
    """A height as two texts: the height, and its quotient by a width."""

    width: Fraction

    @property
    def digits(self) -> int:
        return FLOAT64.digits

    def round_exact(self, value: Fraction) -> tuple[str, str]:
        return TEXT.round_exact(value), TEXT.round_exact(value / self.width)

    def round_between(self, low: Decimal, high: Decimal) -> tuple[str, str] | None:
        inverse = finite_decimal(1 / self.width)
        assert inverse is not None  # the width is 1, 2 or 5 times a power of ten, or one of SHARES of it
        height = TEXT.round_between(low, high)
        slope = TEXT.round_between(*(_EXACT.multiply(bound, inverse) for bound in (low, high)))
        return None if height is None or slope is None else (height, slope)


_EXACT = Context(prec=100_000, Emax=MAX_EMAX, Emin=MIN_EMIN)


class Layout(NamedTuple):
    """The facts that all numbers of a page share."""

    zs: Sequence[Fraction]
    widths: Sequence[Fraction]
    """The widths of the triangle, from wide to narrow."""
    upto: Quantity
    at_kink: str
    words: Words
    spell: Callable[[Argument], str]

    def goes_left(self, z: Fraction, width: Fraction) -> bool:
        """Whether the triangle lies to the left of z, for lack of room on the right."""
        return z + width > self.zs[-1] and z - width >= self.zs[0]

    @property
    def columns(self) -> int:
        """The number of texts per point: z, the slope from a, triangles, and two for each quantity."""
        return 2 + 2 * len(self.widths) + 2 * len(quantities_upto(self.upto))


def positions(
    fs: Sequence[Activation], points: Grid, marked: Iterable[Fraction] = (), upto: Quantity = "dg"
) -> list[Fraction]:
    """The positions of the point: the floats nearest to ``points``, and every kink between their ends."""
    zs = {Fraction(FLOAT64.round_exact(z)) for z in (*points, *marked)}
    low, high = min(zs), max(zs)
    for kink in {kink.z for f in fs for kink in f.kinks_of(upto) if low <= kink.z <= high}:
        zs.discard(Fraction(FLOAT64.round_exact(kink)))
        zs.add(kink)
    return sorted(zs)


def z_text(z: Fraction) -> str:
    """The shortest text of a float, as on the command line, or the exact text of a kink between floats."""
    nearest = FLOAT64.round_exact(z)
    return FLOAT64.text(nearest) if Fraction(nearest) == z else exact_text(z)


def vary(fs: Sequence[Activation], parameter: str, values: Sequence[Fraction]) -> list[list[Activation]]:
    """For each of the values the activations, with the parameter set to it in those that have it.

    Raises ActcalcError for a value that is not allowed.
    """
    return [
        [
            bind(f.declaration, {**f.texts, known.name: exact_text(value)})
            if (known := parameter_of(f, parameter))
            else f
            for f in fs
        ]
        for value in values
    ]


def parameter_of(f: Activation, parameter: str) -> Parameter | None:
    """The parameter of ``f`` with this name or alias; None if it has none."""
    return next((p for p in f.declaration.parameters if parameter in (p.name, *p.aliases)), None)


def numbers_of(f: Activation, layout: Layout) -> dict[str, Any]:
    """All that the page may show of an activation."""
    zs, at_kink, words = layout.zs, layout.at_kink, layout.words
    kinks = {i: kink for i, z in enumerate(zs) if (kink := f.kink_at_or_none(z, "dg")) is not None}
    shortcut = f.shortcut
    textbook = TextbookSlope(f) if isinstance(shortcut, Shortcut) else None
    slopes = [_value(f, z, "dg", at_kink) for z in zs]
    triangles = [
        [(_NO_VALUE, _NO_VALUE) if i in kinks else _triangle(f, z, width, layout) for i, z in enumerate(zs)]
        for width in layout.widths
    ]
    higher = quantities_upto(layout.upto)[2:]
    return {
        "name": name(f),
        "title": name(f) if name(f) != f.textbook_g else "",
        "g": " ".join(_value(f, z, "g", at_kink) for z in zs),
        "dg": " ".join(slopes),
        "higher": [" ".join(_value(f, z, of, at_kink) for z in zs) for of in higher],
        "jumps": [
            {
                str(i): words["jumps"].format(left=_shown(left), right=_shown(right))
                if left != right
                else " "  # g or a lower derivative jumps
                for i, z in enumerate(zs)
                if (kink := f.kink_at_or_none(z, of)) is not None
                for left, right in [kink.sides(of, TEXT)]
            }
            for of in higher
        ],
        "heights": [" ".join(height for height, _ in each) for each in triangles],
        "slopes": [" ".join(slope for _, slope in each) for each in triangles],
        "kinks": {str(i): _kink(f, kink, layout) for i, kink in kinks.items()},
        "formulas": list(_formulas(f, layout.upto)),
        "shortcut": _with_numbers(f, shortcut) if isinstance(shortcut, Shortcut) else None,
        "shortcutText": words["with_a"].format(formula=shortcut.text)
        if isinstance(shortcut, Shortcut)
        else words["none"].format(reason=reason_in(words, shortcut)),
        # The slopes in float64, where they are wrong.
        "float64": {}
        if textbook is None
        else {
            str(i): text
            for i, z in enumerate(zs)
            if i not in kinks
            and (text := FLOAT64.text(textbook(FLOAT64.round_exact(z)))) != slopes[i].removeprefix("~")
        },
    }


_SHORT = 8
"""The longest text of a number that may be exact because its irrational parts cancel."""


def _value(f: Activation, z: Fraction, of: Quantity, at_kink: str) -> str:
    text = _text(f.derivative_at(z, of, TEXT, at_kink))
    if text.startswith("~") and len(text) <= _SHORT and f.kink_at_or_none(z, of) is None:
        piece = f.piece_at(z)
        known = in_symbols(piece.formula(of, -1 if piece.upto == z else 1), z)
        return text if known is None else TEXT.round_exact(known)
    return text


def _text(value: str | None) -> str:
    return _NO_VALUE if value is None else value


def _shown(text: str) -> str:
    """A text of ``TEXT`` without the sign that says whether it is exact."""
    return text.removeprefix("~")


def _triangle(f: Activation, z: Fraction, width: Fraction, layout: Layout) -> tuple[str, str]:
    """The height of the triangle between two points of g, and its quotient by the width."""
    left = z - width if layout.goes_left(z, width) else z
    return _rise(f, f.piece_at(left).g, left, f.piece_at(left + width).g, width)


def _rise(f: Activation, start: Formula, z: Fraction, end: Formula, width: Fraction) -> tuple[str, str]:
    def height(m: Maths[Any], x: Any) -> Any:
        return end(m, x + width) - start(m, x)

    # A formula may have no value at one of the two points, or an unsettled one.
    with suppress(Undefined, ArithmeticError, UnsettledError):
        return evaluate(height, z, _Rise(width), *(() if f.is_declared else (WORK,)))
    return _NO_VALUE, _NO_VALUE


def _kink(f: Activation, kink: Kink, layout: Layout) -> dict[str, Any]:
    """The line of a kink, both tangents, and the triangles on either side, from the limit of g there."""
    words, z = layout.words, kink.z
    left, right = (_shown(side) for side in kink.sides("dg", TEXT))
    below, above = (_shown(side) for side in kink.sides("g", TEXT))
    here = _shown(_text(f.derivative_at(z, "g", TEXT)))
    value = _shown(_text(kink.slope(TEXT, layout.at_kink)))
    starts = kink.left.formula("g", -1), kink.right.formula("g", 1)
    return {
        "line": words["jump" if kink.is_jump else "kink"].format(
            kind=words["subgradients" if f.is_convex else "slopes"],
            left=left,
            right=right,
            below=below,
            above=above,
            value=value,
            rule=layout.spell(Argument("at_kink", layout.at_kink)),
        ),
        "jump": kink.is_jump,
        "starts": list(map(float, (below, above) if kink.is_jump else (here, here))),
        "slopes": [float(left), float(right)],
        "left": [_rise(f, f.piece_at(z - w).g, z - w, starts[0], w) for w in layout.widths],
        "right": [_rise(f, starts[1], z, f.piece_at(z + w).g, w) for w in layout.widths],
    }


def _formulas(f: Activation, upto: Quantity) -> Iterator[str]:
    yield f"g(z) = {f.textbook_g}"
    yield f"g'(z) = {f.textbook_dg}"
    tree = None
    for of in quantities_upto(upto)[2:]:
        if tree is None:
            if isinstance(f, FormulaActivation):
                tree = f.slopes[0]
            else:
                tree = tree_of(f.textbook_dg, {"z", *f.texts})
        tree = simplify(slope_of(tree))
        text = format_formula(tree)
        if len(text) <= _LONGEST_FORMULA:
            yield f"g{prime(of)}(z) = {text}"


def _with_numbers(f: Activation, shortcut: Shortcut) -> list[str]:
    """The shortcut with the values of its parameters, split at each a."""
    text = re.sub(r"[A-Za-z_]\w*", lambda word: f.notable_parameters.get(word[0], word[0]), shortcut.text)
    return re.split(rf"\b{shortcut.variable}\b", text)
