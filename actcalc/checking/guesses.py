"""Guesses at how wrong values were computed: another quantity, a slip, another activation or rounding."""

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from actcalc.activations.activation import Activation
from actcalc.activations.arrays import derivative_array, dg_from_a_array
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import QUANTITIES, Quantity, Shortcut, prime
from actcalc.catalogue.lookup import settings
from actcalc.catalogue.resolution import resolve
from actcalc.checking.formats import Formats
from actcalc.checking.from_values import in_terms_of
from actcalc.errors import ActcalcError, UnsettledWarning
from actcalc.numbers.float_arrays import Array
from actcalc.numbers.floats import Format
from actcalc.numbers.integer_arrays import to_integers
from actcalc.numbers.integers import DIRECTIONS
from actcalc.numbers.roundings import OVERFLOWS, Rounding

MOST = 4096
"""Guesses are made for up to this number of points: homework has fewer."""
MOST_ROUNDED = 1 << 17
"""Other roundings are tried for up to this number of points: all values of a format of 16 bits."""
_PROBES = 3
_DIGITS = range(3, 7)
"""The numbers of digits or decimals to which people may have rounded their values."""
_LEAST = 1e-12
"""Differences below this fraction of the largest value may come from rounding."""


class _Candidate(NamedTuple):
    """A candidate for what was computed: a quantity of an activation at z, or at a = g(z)."""

    words: str
    f: Activation
    of: Quantity
    at_a: bool = False


def guess(f: Activation, of: Quantity, fmt: Format, z: Array, values: Array) -> str:
    """A guess at what ``values`` are, if most of them are not the ``of`` of ``f`` at ``z``; else ""."""
    candidates = (_quantities(f, of), _slips_of(f, of)), _others(f, of)

    def right(z: Array) -> Array:
        found: Array = f.derivative(z, QUANTITIES.index(of))
        return found

    return _guess(f, fmt, z, values, right, *candidates)


_ROUNDED = {
    "nearest": "rounded to nearest, ties to even",
    "nearest-away": "rounded to nearest, ties away from 0",
    "zero": "truncated",
    "up": "rounded up",
    "down": "rounded down",
}
_BEYOND = {
    "nan": "with NaN beyond the largest number",
    "inf": "with an infinity beyond the largest number",
    "saturate": "saturated",
}
_ROUNDED_PROBES = 64
"""Another rounding is tried at this number of wrong points before it is at all."""
_MANY = Fraction(9, 10)
"""A rounding is named if it fits this share of the points."""


def guess_rounding(
    f: Activation, of: Quantity, formats: Formats, at_kink: str | None, z: Array, values: Array
) -> str:
    """The rounding that fits nearly all ``values``, and more than the right one does; else ""."""
    asked, kinks = formats.out, [float(formats.z.round_exact(kink.z)) for kink in f.kinks]
    known = ~(np.isnan(values) | np.isin(z, kinks))
    z, values = z[known], values[known]

    def fits(rounding: Rounding, some: Any = slice(None)) -> Array:
        right = derivative_array(f, z[some], of, formats.z, at_kink or "least", SetAside(), rounding)
        fitting: Array = right == values[some]
        return fitting

    fitting = fits(asked)
    least, wrong = int(np.count_nonzero(fitting)), np.flatnonzero(~fitting)
    if len(wrong) < 2:
        return ""
    best, most = asked, least
    probes = wrong[to_integers(np.linspace(0, len(wrong) - 1, min(len(wrong), _ROUNDED_PROBES)), np.intp)]
    for rounding in _other_roundings(asked):
        if 2 * np.count_nonzero(fits(rounding, probes)) > len(probes):
            found = int(np.count_nonzero(fits(rounding)))
            best, most = (rounding, found) if found > most else (best, most)
    if best == asked or most < _MANY * len(z):
        return ""
    words = _ROUNDED[best.direction]
    if best.overflow != asked.overflow and best.overflow is not None:
        words += f", {_BEYOND[best.overflow]}"
    if most == len(z):
        return f"all values are the exact ones, {words}"
    what_is_right = f"{least:,} are {_ROUNDED[asked.direction]}"
    return f"{most:,} of {len(z):,} values are the exact ones, {words}; {what_is_right}"


def _other_roundings(asked: Rounding) -> Iterator[Rounding]:
    """All roundings to the format but the one asked for; those of the same direction come first."""
    overflows = [asked.overflow]
    if isinstance(asked.fmt, Format):
        overflows += [o for o in OVERFLOWS if o != "inf" or asked.fmt.has_infinities]
    for direction in sorted(DIRECTIONS, key=lambda one: one != asked.direction):
        for overflow in overflows if direction == asked.direction else overflows[:1]:
            rounding = Rounding(asked.fmt, direction, overflow)
            if rounding != asked:
                yield rounding


def guess_from_a(f: Activation, fmt: Format, a: Array, slopes: Array) -> str:
    """A guess at what ``slopes`` at values a = g(z) are, if most of them are not g'; else ""."""
    right = partial(dg_from_a_array, f, fmt=fmt)
    return _guess(f, fmt, a, slopes, right, (_taken_for_z(f), _slips_of_shortcut(f)), iter(()))


def _guess(
    f: Activation,
    fmt: Format,
    z: Array,
    values: Array,
    right: Callable[[Array], Array],
    likely: Iterable[Iterator[_Candidate]],
    others: Iterator[_Candidate],
) -> str:
    kinks = [float(kink.z) for kink in f.kinks]
    known = np.isfinite(z) & np.isfinite(values) & ~np.isin(z, kinks)
    z, values = z[known], values[known]
    if not 2 <= len(z) <= MOST or (values == values[0]).all():  # many functions are constant there
        return ""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsettledWarning)  # NaN stands for such values, and fits nothing
        rtol, atol = _tolerance(values)
        found = _Values(f, z, values, right(z), max(rtol, 4 * 2.0**-fmt.precision), atol)
        return found.guess(chain.from_iterable(likely), others)


def _tolerance(values: Array) -> tuple[float, float]:
    """The relative and absolute tolerance for values of few digits or decimals."""
    rtol, atol = 1e-6, 0.0
    for digits in _DIGITS:
        if all(float(f"{x:.{digits}g}") == x for x in values.tolist()):
            rtol = 5.1 * 10.0**-digits
            break
    for decimals in _DIGITS:
        if (np.round(values, decimals) == values).all():
            atol = 0.51 * 10.0**-decimals
            break
    if (np.round(values, _DIGITS[0] - 1) == values).all():  # whole numbers and the like are exact
        return 1e-6, 0.0
    return rtol, atol


@dataclass(frozen=True)
class _Values:
    """Values at each z, to be compared with others within a tolerance."""

    f: Activation
    z: Array
    values: Array
    right: Array
    rtol: float
    atol: float

    def guess(self, likely: Iterable[_Candidate], others: Iterable[_Candidate]) -> str:
        wrong = np.flatnonzero(~self._are(self.right))
        if len(wrong) < 2 or 2 * len(wrong) < len(self.z):
            return ""
        probes = wrong[to_integers(np.linspace(0, len(wrong) - 1, _PROBES), np.intp)].tolist()
        for candidate in likely:
            if self._fits(candidate, probes):
                return f"these are the values of {candidate.words}"
        if multiple := self._multiple():
            return multiple
        for candidate in others:
            if self._fits(candidate, probes):
                return f"these are the values of {candidate.words}"
        return ""

    def _are(self, others: Array, places: "list[int] | slice" = slice(None)) -> Array:
        """Where values equal others within the tolerance."""
        allowed = self.rtol * abs(others) + self.atol + _LEAST * abs(self.values).max()
        near: Array = abs(self.values[places] - others) <= allowed
        return near

    def _fits(self, candidate: _Candidate, probes: list[int]) -> bool:
        """Whether values are those of a candidate, first at the probes and then everywhere."""
        z, order = self._a if candidate.at_a else self.z, QUANTITIES.index(candidate.of)
        try:
            for place in probes:
                if not self._are(np.array([candidate.f.derivative(float(z[place]), order)]), [place]).all():
                    return False
            return bool(self._are(candidate.f.derivative(z, order)).all())
        except ActcalcError:
            return False

    @cached_property
    def _a(self) -> Array:
        a: Array = self.f.g(self.z)
        return a

    def _multiple(self) -> str:
        """A guess that values are the right ones times a number; "" if they are not."""
        some = np.flatnonzero(abs(self.right) > 1e-3 * abs(self.right).max())
        if not len(some):
            return ""
        factor = float(np.median(self.values[some] / self.right[some]))
        if factor == 0 or not self._are(factor * self.right).all():
            return ""
        if abs(factor + 1) <= self.rtol:
            return "these are the right values with the opposite sign"
        return f"these are {factor:.4g} times the right values"


def _quantities(f: Activation, of: Quantity) -> Iterator[_Candidate]:
    """Other quantities of the activation."""
    for other in ("g", "dg", "d2g"):
        if other != of:
            yield _Candidate(f"g{prime(other)}, not g{prime(of)}", f, other)


def _slips_of(f: Activation, of: Quantity) -> Iterator[_Candidate]:
    """The textbook formulas with a slip in them."""
    numbers = {name: f.texts[name] for name in f.parameters}
    shortcut = f.shortcut
    if of == "dg" and isinstance(shortcut, Shortcut):
        a = shortcut.variable
        if made := _in_z(shortcut.text, a, numbers):
            inside = re.sub(rf"\b{a}\b", "z", shortcut.text)
            yield _Candidate(f"{inside}, with z where {a} = g(z) belongs", made, "g")
        yield from (slip._replace(at_a=True) for slip in _slips_of_shortcut(f))
    text = f.g_text if of == "g" else f.dg_text
    if of == "g" or (of == "dg" and f.is_declared):  # no textbook has the slope of a formula
        where = "".join(f", where {name} = {meaning}" for name, meaning in f.declaration.where.items())
        for slip in _slips(text):
            if made := _in_z(f.declaration.write_out(slip), "z", numbers):
                yield _Candidate(f"{slip}, not {text}{where}", made, "g")


def _slips_of_shortcut(f: Activation) -> Iterator[_Candidate]:
    """The slope from a with a slip in it, as functions of a."""
    shortcut = f.require_shortcut()
    for slip in _slips(shortcut.text):
        if made := _in_z(slip, shortcut.variable, {name: f.texts[name] for name in f.parameters}):
            yield _Candidate(f"{slip}, not {shortcut.text}", made, "g")


def _taken_for_z(f: Activation) -> Iterator[_Candidate]:
    """The quantities of the activation with a taken for z."""
    for of in ("dg", "g"):
        yield _Candidate(f"g{prime(of)}(a), with a taken for z", f, of)


def _others(f: Activation, of: Quantity) -> Iterator[_Candidate]:
    """Other activations with their defaults, and this one with other parameters."""
    found = [other for other in settings() if other != f and (other.name == f.name or not other.given)]
    for other in found:
        yield _Candidate(f"g{prime(of)} of {other.describe()}, not of {f.describe()}", other, of)
    for other in found:
        if of == "dg":
            yield _Candidate(f"g of {other.describe()}, not g' of {f.describe()}", other, "g")


def _in_z(text: str, variable: str, numbers: Mapping[str, str]) -> Activation | None:
    """The activation of a formula whose ``variable`` stands for z, with ``numbers`` for parameters.

    None if the text is not a formula.
    """
    values = {**{name: f"({number})" for name, number in numbers.items()}, variable: "z"}
    try:
        return resolve(in_terms_of(text, values))
    except ActcalcError:
        return None


def _slips(text: str) -> Iterator[str]:
    """The formula with one operation left out, or one sign changed, as in a hurry."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return
    seen = {_written(tree)}
    for slip in _changed(tree):
        written = _written(slip)
        if written not in seen:
            seen.add(written)
            yield written


def _changed(node: ast.expr) -> Iterator[ast.expr]:
    """The node with one change in it or below it."""
    match node:
        case ast.BinOp(left=left, op=ast.Pow() | ast.Div()):
            yield left
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from (left, right)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield ast.BinOp(left, ast.Sub(), right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            yield ast.BinOp(left, ast.Add(), right)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            yield inner
        case ast.IfExp(test=test, body=body, orelse=other):
            yield ast.IfExp(test, other, body)
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            yield from (_with(node, name, changed) for changed in _changed(value))
        elif isinstance(value, list) and not isinstance(node, ast.Compare):
            for i, one in enumerate(value):
                yield from (_with(node, name, [*value[:i], c, *value[i + 1 :]]) for c in _changed(one))


def _with(node: ast.expr, name: str, value: object) -> ast.expr:
    return type(node)(**{**dict(ast.iter_fields(node)), name: value})


def _written(node: ast.expr) -> str:
    return re.sub(r" (\*\*?|/) ", r"\1", ast.unparse(ast.fix_missing_locations(node)))
