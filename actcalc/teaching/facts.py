"""All there is to know about an activation, as text: what ``list`` and ``show`` print."""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Declaration, End, Monotone, end_text
from actcalc.activations.kinks import Kink
from actcalc.activations.notes import kind_of_slopes, one_sided_slopes
from actcalc.activations.parameters import bind
from actcalc.errors import ActcalcError, Argument
from actcalc.numbers.floats import FLOAT64
from actcalc.numbers.numerals import exact_text
from actcalc.output.rows import Column
from actcalc.output.widths import filled

SUMMARY = (
    Column("name"),
    Column("aliases"),
    Column("parameters"),
    Column("g", "g(z)"),
    Column("dg", "g'(z)"),
)
"""The columns of ``list`` and of the README's table."""

BRIEF = (
    Column("name"),
    Column("parameters", may_be_cut=True),
    Column("g", "g(z)", may_be_cut=True),
)
"""The columns of ``list`` where there is no room for more."""

FEATURES = ("kink", "jump", "parameter", "shortcut")
"""What ``list --with`` finds; a shortcut is a slope from a alone."""

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
    Column("worked", "at z = 0"),
    Column("next"),
)
"""The columns of ``show``: four before the last two are the story of the slope."""

FORMULA_FACTS = (
    Column("name"),
    Column("parameters"),
    *SUMMARY[3:],
    Column("d2g", "g''(z)"),
    Column("kinks"),
    Column("values"),
)
"""Its columns for a formula in text, of which less is known."""


def columns_of(f: Activation) -> Sequence[Column]:
    """The columns that ``facts`` fills."""
    return FACTS if f.declaration.switches is None else FORMULA_FACTS


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


def brief(declaration: Declaration) -> list[str]:
    """The cells of BRIEF."""
    parameters = ", ".join(
        p.name + ("" if p.default is None else f"={p.default}") for p in declaration.parameters
    )
    return [declaration.name, parameters, summary(declaration)[3]]


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


def _of_formula(f: Activation) -> dict[str, str]:
    """What can be said of a formula in text."""
    from actcalc.catalogue.custom import describe
    from actcalc.catalogue.lookup import find

    found = describe(f, find)
    places = [*map(exact_text, found.kinks), *(f"near {z!r}" for z in found.near)]
    kinks = f"at z = {', '.join(places)}" if places else "none"
    if not found.is_complete:
        kinks += " in [-10, 10]; there may be others"
    values = []
    for z in (-10.0, 0.0, 10.0):
        try:
            values.append(f"g({z:g}) = {FLOAT64.text(f.g(z))}, g'({z:g}) = {FLOAT64.text(f.dg(z))}")
        except ActcalcError as error:
            values.append(str(error))
    return {
        "name": f.describe(),
        "parameters": "; ".join(f"{name}={text}" for name, text in f.texts.items()),
        "g": f.label,
        "dg": found.dg,
        "d2g": found.d2g,
        "kinks": kinks,
        "values": "; ".join(values),
    }


def facts(f: Activation, spell: Callable[[Argument], str] = str) -> list[str]:
    """The cells of ``columns_of`` an activation with its parameters; arguments are spelled so."""
    if f.declaration.switches is not None:
        known = _of_formula(f)
        return [known[column.name] for column in FORMULA_FACTS]
    from actcalc.teaching.story import story
    from actcalc.teaching.worked import worked_out

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
        "neither even nor odd" if f.parity is None else f.parity.value,
        f.monotone.value if isinstance(f.monotone, Monotone) else f"no: {f.monotone}",
        "; ".join(_kink(f, kink, i) for i, kink in enumerate(f.kinks)) or "none",
        d.frameworks,
        f.defaults,
        f.variant,
        d.source,
        *story(f, spell),
        *worked_out(f, spell),
    ]


def summary_object(declaration: Declaration) -> dict[str, Any]:
    """SUMMARY as JSON has it."""
    return {
        **dict(zip((column.name for column in SUMMARY), summary(declaration), strict=True)),
        "aliases": list(declaration.aliases),
        "parameters": {
            p.name: {"default": p.default, "aliases": list(p.aliases)} for p in declaration.parameters
        },
    }


def facts_object(f: Activation, spell: Callable[[Argument], str] = str) -> dict[str, Any]:
    """FACTS as JSON has them: the keys are the columns' names, and numbers the nearest float64."""
    known: dict[str, Any] = dict(zip((column.name for column in columns_of(f)), facts(f, spell), strict=True))
    if f.declaration.switches is not None:
        return known
    d = f.declaration
    sides = ("-inf", "inf")
    known |= summary_object(d) | {"g": known["g"], "dg": known["dg"]}
    for name, text in f.texts.items():
        known["parameters"][name]["value"] = text
    return known | {
        "where": dict(d.where),
        "range": {
            "low": _float(f.range.low),
            "high": _float(f.range.high),
            "brackets": f.range.brackets,
            "without": [[_float(end) for end in gap] for gap in f.range.gaps],
            "without_brackets": list(f.range.gap_brackets),
        },
        "limits": {
            side: {"g": _float(g), "dg": _float(dg)} for side, (g, dg) in zip(sides, f.ends, strict=True)
        },
        "parity": f.parity and f.parity.value,
        "kinks": [_kink_object(f, kink, i) for i, kink in enumerate(f.kinks)],
        **{name: known[name].split("; ") if known[name] else [] for name in ("worked", "next")},
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
        "elsewhere": _elsewhere(f, index),
    }


def _elsewhere(f: Activation, index: int) -> dict[str, str]:
    """What frameworks return at a kink, where that is known."""
    if not f.declaration.slopes_at_kinks or f.parameters != _compared(f.declaration):
        return {}
    return {who: what[index] for who, what in f.declaration.slopes_at_kinks.items()}


_PAGE = {
    "Function": ("name", "aliases", "parameters", "g(z)", "g'(z)", "g''(z)", "where", "g' from a", "variant"),
    "Shape": ("range of g", "limits", "parity", "monotone", "kinks", "values"),
    "Slope": ("why g'", "why from a", "at a kink", "in float64"),
    "Origin": ("found in", "elsewhere", "source"),
    "Triangle": ("at z = 0", "next"),
}
"""The sections of a page, and the titles of their facts."""


def page(f: Activation, width: int, spell: Callable[[Argument], str]) -> str:
    """All facts as a page of at most ``width`` columns."""
    known = {
        column.title or column.name: (column, cell)
        for column, cell in zip(columns_of(f), facts(f, spell), strict=True)
    }
    heading = f"{f.describe()}: g(z) = {known['g(z)'][1]}"
    lines = filled(heading, width, "    ")
    lines.append("-" * max(map(len, lines)))
    for start, names in _PAGE.items():
        section = [
            line
            for name in names
            if name in known
            for i, part in enumerate(parts(*known[name]) if known[name][1] else [])
            for line in filled(part, width, " " * 12, f"{name if i == 0 else '':<12}")
        ]
        if section:
            lines += ["", start, *section]
    return "\n".join(lines) + "\n"


def parts(column: Column, text: str) -> list[str]:
    """A fact, split where it has several parts: kinks, limits and steps have."""
    return text.split("; ") if column.name in ("kinks", "limits", "worked", "next", "values") else [text]


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
    text = f"z = {exact_text(kink.z)}: {kind_of_slopes(f, kink)} {left} (left) to {right} (right), "
    text += f"actcalc returns {FLOAT64.text(chosen)}"
    nearest = FLOAT64.round_exact(kink.z)
    if math.isinf(nearest):
        text += " (beyond all float64)"
    elif nearest != kink.z:
        side = "right" if nearest > kink.z else "left"
        text += f" (the nearest float64, {nearest!r}, lies to the {side})"
    if there := _elsewhere(f, index):
        text += f"; elsewhere: {', '.join(f'{who}: {what}' for who, what in there.items())}"
    return text


def _compared(declaration: Declaration) -> Mapping[str, Fraction]:
    """The parameters with which the slopes of frameworks are known."""
    return bind(declaration, declaration.slopes_at_kinks_with).parameters
