"""All known facts about an activation, for ``list`` and ``show``."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import (
    MOST_DIGITS,
    Declaration,
    End,
    Monotone,
    Parameter,
    Range,
    end_text,
)
from actcalc.activations.kinks import Kink
from actcalc.activations.notes import kind_of_slopes, one_sided_slopes
from actcalc.activations.parameters import bind
from actcalc.errors import ActcalcError, Argument
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text
from actcalc.output.documents import Document, fact_sheet
from actcalc.output.pages import Fact, as_object
from actcalc.output.rows import Column, FormulaText, Table, one_by_one
from actcalc.output.widths import GAP, cut
from actcalc.teaching.elsewhere import differences, found_in, slopes_at_kink

FEATURES = ("kink", "jump", "parameter", "shortcut")
"""Features that ``list --with`` finds; a shortcut is a slope from a alone."""

SECTIONS = ("Function", "Shape", "Slope", "Origin", "Triangle")
"""The sections of a page, in order."""

_WIDE = 150
"""The width of a terminal with room for aliases and slopes."""


def summary(declaration: Declaration) -> list[Fact]:
    """The facts that ``list`` shows: name, aliases, parameters, g and g'."""
    parameters = "; ".join(
        _with_default(p) + (f" (also {', '.join(p.aliases)})" if p.aliases else "")
        for p in declaration.parameters
    )
    known = {p.name: {"default": p.default, "aliases": list(p.aliases)} for p in declaration.parameters}
    return [
        Fact("name", "", "Function", declaration.name),
        Fact("aliases", "", "Function", ", ".join(declaration.aliases), list(declaration.aliases)),
        Fact("parameters", "", "Function", parameters, known),
        Fact("g", "g(z)", "Function", _with_abbreviations(declaration, declaration.g)),
        Fact("dg", "g'(z)", "Function", FormulaText(declaration.dg)),
    ]


def _with_default(parameter: Parameter) -> str:
    return parameter.name + ("" if parameter.default is None else f"={parameter.default}")


def _with_abbreviations(declaration: Declaration, text: str) -> FormulaText:
    # Abbreviations are explained here; the facts have constants with all their digits.
    used = (
        f"{name} = {meaning}"
        for name, meaning in declaration.where.items()
        if "z" in meaning and re.search(rf"\b{name}\b", text)
    )
    return FormulaText(", ".join([text, *used]))


def catalogue(declarations: Sequence[Declaration], width: int, all_columns: bool) -> Document:
    """The document of ``list``; as text it has all columns if asked, or if the ``width`` allows it."""
    records = [summary(declaration) for declaration in declarations]
    columns = [Column(fact.name, fact.title) for fact in records[0]]
    rows = [[fact.cell for fact in record] for record in records]
    if all_columns:
        room = width - max(len(name) for name, *_ in rows) - GAP
        text = Table(columns, one_by_one([name, *(cut(cell, room) for cell in own)] for name, *own in rows))
    elif width >= _WIDE:
        text = Table([c._replace(may_be_cut=c.name != "name") for c in columns], one_by_one(rows))
    else:
        brief = [columns[0], *(columns[i]._replace(may_be_cut=True) for i in (2, 3))]
        settings = [", ".join(map(_with_default, declaration.parameters)) for declaration in declarations]
        text = Table(
            brief, one_by_one([row[0], own, row[3]] for row, own in zip(rows, settings, strict=True))
        )
    return Document(Table(columns, one_by_one(rows)), data=list(map(as_object, records)), text=[text])


def has_feature(declaration: Declaration, feature: str) -> bool:
    """Whether an activation, with its defaults or its first example, has one of FEATURES."""
    if feature == "parameter":
        return bool(declaration.parameters)
    has_defaults = all(p.default is not None for p in declaration.parameters)
    f = bind(declaration, {} if has_defaults else declaration.examples[0])
    if feature == "shortcut":
        return not isinstance(f.shortcut, str)
    return any(feature == "kink" or kink.is_jump for kink in f.kinks)


def _abbreviations(declaration: Declaration) -> list[str]:
    return [f"{name} = {meaning}" for name, meaning in declaration.where.items()]


def _abbreviated(declaration: Declaration, text: str) -> FormulaText:
    """A formula with names for long numbers, which are explained elsewhere."""
    for name, meaning in declaration.where.items():
        text = text.replace(meaning, name)
    return FormulaText(text)


def _of_formula(f: Activation) -> list[Fact]:
    """The facts about a user's formula, of which less is known."""
    from actcalc.catalogue.custom import describe

    found = describe(f)
    places = [*map(exact_text, found.kinks), *(f"near {z!r}" for z in found.near)]
    kinks = [f"at z = {', '.join(places)}" if places else "none"]
    if not found.is_complete:
        kinks = [f"{kinks[0]} in [-10, 10]", "there may be others"]
    values = []
    for z in (-10.0, 0.0, 10.0):
        try:
            values.append(f"g({z:g}) = {FLOAT64.text(f.g(z))}, g'({z:g}) = {FLOAT64.text(f.dg(z))}")
        except ActcalcError as error:
            values.append(error.line)
    same = list(_same_as(f))
    return [
        Fact("name", "", "Function", FormulaText(f.describe())),
        Fact("parameters", "", "Function", "; ".join(f"{name}={text}" for name, text in f.texts.items())),
        Fact("g", "g(z)", "Function", FormulaText(f.label)),
        Fact("dg", "g'(z)", "Function", FormulaText(found.dg)),
        Fact("d2g", "g''(z)", "Function", FormulaText(found.d2g)),
        Fact("where", "", "Function", meanings(None, f"{f.label} {found.dg}")),
        Fact("same_as", "the same as", "Function", same),
        Fact("kinks", "", "Shape", kinks),
        Fact("values", "", "Shape", values),
    ]


FEW_DIGITS = 17
"""The digits of irrational numbers, unless more are asked for."""


_LONGEST = 200
"""The longest formula that is worth reading."""


def second_slope(f: Activation) -> str:
    """g'' as a formula, derived from the textbook's g', with its abbreviations."""
    from actcalc.arithmetic.simplification import simplify
    from actcalc.arithmetic.slopes import format_formula, slope_of, slope_of_abbreviation
    from actcalc.catalogue.custom import tree_of

    where = f.declaration.where
    names = {*f.parameters, *where, "z"}
    known = {name: slope_of_abbreviation(name, tree_of(text, names)) for name, text in where.items()}
    text = format_formula(simplify(slope_of(tree_of(f.dg_text, names), known)))
    return FormulaText(text) if len(text) <= _LONGEST else ""


def _same_as(f: Activation) -> Iterator[str]:
    """The functions of the catalogue that a formula and its slope are equal to."""
    from actcalc.catalogue.recognition import recognise

    g, slope = recognise(f, "g"), recognise(f, "dg")
    if g is not None and g.of == "g" and slope is not None and (slope.f, slope.of) == (g.f, "dg"):
        slope = None  # it follows
    for name, found in (("g", g), ("g'", slope)):
        if found is not None:
            yield f"{name} is {found.text}, {found.evidence}: actcalc show {found.f.name}"


def facts(f: Activation, spell: Callable[[Argument], str] = str, digits: int = MOST_DIGITS) -> list[Fact]:
    """All facts about an activation with its parameters; ``spell`` spells arguments.

    Irrational numbers have ``digits`` digits.
    """
    if not f.is_declared:
        return _of_formula(f)
    from actcalc.teaching.slope_range import describe
    from actcalc.teaching.story import story
    from actcalc.teaching.worked import next_commands, place, steps

    d = f.declaration
    name, aliases, parameters, *_ = summary(d)
    known = {key: {**known, "value": f.texts[key]} for key, known in parameters.data.items()}
    in_force = "; ".join(f"{key}={text}" for key, text in f.notable_parameters.items())
    if in_force and any(f.texts[p.name] != p.default for p in d.parameters):
        in_force = f"{parameters.cell}; here {in_force}"
    else:
        in_force = parameters.cell
    shortcut = f.shortcut
    from_a = f"none: {shortcut}" if isinstance(shortcut, str) else _abbreviated(d, shortcut.text)
    kinks = [part for i, kink in enumerate(f.kinks) for part in _kink(f, kink, i)]
    worked, after = list(steps(f)), next_commands(f, spell)
    derivation, cost, at_kinks, float64 = story(f, spell)
    parity = f.parity and f.parity.value
    monotone = f.monotone.value if isinstance(f.monotone, Monotone) else f"no: {f.monotone}"
    return [
        *(name, aliases, parameters._replace(text=in_force, data=known)),
        Fact("g", "g(z)", "Function", _with_abbreviations(d, f.g_text)),
        Fact("dg", "g'(z)", "Function", FormulaText(f.dg_text)),
        Fact("d2g", "g''(z)", "Function", second_slope(f)),
        Fact("where", "", "Function", meanings(d, f"{f.g_text} {f.dg_text}"), dict(d.where)),
        Fact("shortcut", "g' from a", "Function", from_a),
        Fact("range", "range of g", "Shape", f.range.text(digits), _range_object(f.range)),
        Fact("slopes", "range of g'", "Shape", describe(f, digits)),
        Fact("limits", "", "Shape", *_limits(f, digits)),
        Fact("parity", "", "Shape", parity or "neither even nor odd", parity),
        Fact("monotone", "", "Shape", monotone),
        Fact("kinks", "", "Shape", kinks or "none", [_kink_object(f, k, i) for i, k in enumerate(f.kinks)]),
        Fact("frameworks", "found in", "Origin", found_in(f.name)),
        Fact("defaults", "elsewhere", "Origin", differences(f.name)),
        Fact("variant", "", "Function", f.variant),
        Fact("source", "", "Origin", d.source),
        Fact("derivation", "why g'", "Slope", derivation.splitlines()),
        Fact("cost", "why from a", "Slope", cost),
        Fact("at_kinks", "at a kink", "Slope", at_kinks),
        Fact("float64", "in float64", "Slope", float64),
        Fact("worked", f"at z = {exact_text(place(f))}", "Triangle", worked, worked),
        Fact("next", "", "Triangle", after, after),
    ]


_DENSITY = {
    "Phi": "Phi(x) = (1 + erf(x/sqrt(2)))/2, the normal distribution function",
    "phi": "phi(x) = exp(-x**2/2)/sqrt(2*pi), the normal density",
}
"""Functions whose names not every reader knows."""


def meanings(declaration: Declaration | None, formulas: str) -> list[str]:
    """The abbreviations in the formulas, and functions that not every reader knows."""
    own = _abbreviations(declaration) if declaration else []
    told = [text for name, text in _DENSITY.items() if f"{name}(" in formulas + "".join(own)]
    return [FormulaText(text) for text in (*own, *told)]


def page(f: Activation, spell: Callable[[Argument], str] = str, digits: int = FEW_DIGITS) -> Document:
    """The document of all facts about an activation; as ``facts``."""
    found = facts(f, spell, digits)
    formula = next(fact.cell for fact in found if fact.name == "g")
    return fact_sheet(f"{f.describe()}: g(z) = {formula}", found, SECTIONS)


def _range_object(found: Range) -> dict[str, Any]:
    return {
        "low": _float(found.low),
        "high": _float(found.high),
        "brackets": found.brackets,
        "without": [[_float(end) for end in gap] for gap in found.gaps],
        "without_brackets": list(found.gap_brackets),
    }


def _float(end: End) -> float:
    return end if isinstance(end, float) else FLOAT64.round_exact(Fraction(end))


def _kink_object(f: Activation, kink: Kink, index: int) -> dict[str, Any]:
    left, right = kink.sides("dg", FLOAT64)
    return {
        "z": _float(kink.z),
        "jump": kink.is_jump,
        "subgradients": f.is_convex,
        "left": left,
        "right": right,
        "returned": f.slope(kink.z, FLOAT64),
        "elsewhere": slopes_at_kink(f, index),
    }


def _limits(f: Activation, digits: int) -> tuple[list[str], dict[str, Any]]:
    """The limits on either side as texts, and as JSON has them."""

    def tends(name: str, end: End) -> str:
        return f"{name} oscillates" if end != end else f"{name} -> {end_text(end, digits)}"

    sides = list(zip(("-inf", "inf"), f.ends, strict=True))
    texts = [f"z -> {side}: {tends('g', g)}, " + tends("g'", dg) for side, (g, dg) in sides]
    return texts, {side: {"g": _float(g), "dg": _float(dg)} for side, (g, dg) in sides}


def _kink(f: Activation, kink: Kink, index: int) -> list[str]:
    left, right = one_sided_slopes(kink)
    chosen = f.slope(kink.z, FLOAT64)
    assert chosen is not None
    text = f"z = {exact_text(kink.z)}: {kind_of_slopes(f, kink)} {left} (left) to {right} (right), "
    text += f"actcalc returns {FLOAT64.text(chosen)}"
    nearest = FLOAT64.round_exact(kink.z)
    if math.isinf(nearest):
        text += " (too large for float64)"
    elif nearest != kink.z:
        side = "right" if nearest > kink.z else "left"
        text += f" (the nearest float64, {nearest!r}, lies to the {side})"
    there = ", ".join(f"{who}: {what}" for who, what in slopes_at_kink(f, index).items())
    return [text, f"elsewhere: {there}"] if there else [text]
