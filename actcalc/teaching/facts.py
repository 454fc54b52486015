"""All there is to know about an activation, as text: what ``list`` and ``show`` print."""

import math
from collections.abc import Mapping
from fractions import Fraction

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Declaration, end_text
from actcalc.activations.kinks import Kink
from actcalc.activations.notes import kind_of_slopes, one_sided_slopes
from actcalc.activations.parameters import bind
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text
from actcalc.output.rows import Column

SUMMARY = (
    Column("name"),
    Column("aliases"),
    Column("parameters"),
    Column("g", "g(z)"),
    Column("dg", "g'(z)"),
)
"""The columns of ``list`` and of the README's table."""

FACTS = (
    *SUMMARY,
    Column("where"),
    Column("shortcut", "g' from a"),
    Column("range", "range of g"),
    Column("limits"),
    Column("parity"),
    Column("monotone"),
    Column("kinks"),
    Column("frameworks", "found in"),
    Column("defaults", "elsewhere"),
    Column("variant"),
    Column("source"),
    Column("derivation", "why g'"),
    Column("cost", "why from a"),
    Column("at_kinks", "at a kink"),
    Column("float64", "in float64"),
)
"""The columns of ``show``; the last four are the story of the slope."""

STORY = tuple(column.title for column in FACTS[-4:])


def summary(declaration: Declaration) -> list[str]:
    """The cells of SUMMARY."""
    return [
        declaration.name,
        ", ".join(declaration.aliases),
        "; ".join(
            p.name
            + ("" if p.default is None else f"={p.default}")
            + (f" (also {', '.join(p.aliases)})" if p.aliases else "")
            for p in declaration.parameters
        ),
        _with_abbreviations(declaration, declaration.g),
        declaration.dg,
    ]


def _with_abbreviations(declaration: Declaration, text: str) -> str:
    # An abbreviation is explained here; constants with all their digits are in FACTS.
    return ", ".join([text, *(text for text in _abbreviations(declaration) if "z" in text)])


def _abbreviations(declaration: Declaration) -> list[str]:
    return [f"{name} = {meaning}" for name, meaning in declaration.where.items()]


def _of_formula(f: Activation) -> str:
    """The whole numbers in [-10, 10] where the slope of a formula jumps; there may be other kinks."""
    found = [str(z) for z in range(-10, 11) if f.kink_at_or_none(Fraction(z), "dg") is not None]
    return f"at z = {', '.join(found)}; there may be others" if found else "not searched for but at whole z"


def facts(f: Activation) -> list[str]:
    """The cells of FACTS for an activation with its parameters; of a formula little is known."""
    if f.declaration.switches is not None:
        known = {"name": f.describe(), "g": f.label, "limits": "not worked out", "kinks": _of_formula(f)}
        return [known.get(column.name, "") for column in FACTS]
    from actcalc.teaching.story import story

    d = f.declaration
    in_force = "; ".join(f"{name}={text}" for name, text in f.described.items())
    cells = summary(d)
    cells[3], cells[4] = _with_abbreviations(d, f.g_text), f.dg_text
    if in_force and any(f.texts[p.name] != p.default for p in d.parameters):
        cells[2] += f"; here {in_force}"
    shortcut = f.shortcut
    return [
        *cells,
        ", ".join(_abbreviations(d)),
        f"none: {shortcut}" if isinstance(shortcut, str) else shortcut.text,
        str(f.range),
        _limits(f),
        f.parity or "neither even nor odd",
        f.monotone,
        "; ".join(_kink(f, kink, i) for i, kink in enumerate(f.kinks)) or "none",
        d.frameworks,
        d.defaults,
        d.variant,
        d.source,
        *story(f),
    ]


def _limits(f: Activation) -> str:
    (low, low_slope), (high, high_slope) = f.ends
    return (
        f"z -> -inf: g -> {end_text(low)}, g' -> {exact_text(low_slope)}; "
        f"z -> inf: g -> {end_text(high)}, g' -> {exact_text(high_slope)}"
    )


def _kink(f: Activation, kink: Kink, index: int) -> str:
    left, right = one_sided_slopes(kink)
    chosen = f.slope(kink.z, FLOAT64)
    assert chosen is not None
    text = f"z = {exact_text(kink.z)}: {kind_of_slopes(kink)} {left} (left) to {right} (right), "
    text += f"actcalc returns {FLOAT64.text(chosen)}"
    nearest = FLOAT64.round_exact(kink.z)
    if math.isinf(nearest):
        text += " (beyond all float64)"
    elif nearest != kink.z:
        side = "right" if nearest > kink.z else "left"
        text += f" (the nearest float64, {nearest!r}, lies to the {side})"
    if f.declaration.slopes_at_kinks and f.parameters == _compared(f.declaration):
        there = ", ".join(f"{who}: {what[index]}" for who, what in f.declaration.slopes_at_kinks.items())
        text += f"; elsewhere: {there}"
    return text


def _compared(declaration: Declaration) -> Mapping[str, Fraction]:
    """The parameters with which the slopes of frameworks are known."""
    return bind(declaration, declaration.slopes_at_kinks_with).parameters
