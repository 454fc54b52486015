"""The slope as a function of a = g(z), so that it can be checked as other functions are."""

import re
from collections.abc import Mapping
from fractions import Fraction

from actcalc.activations.activation import Activation
from actcalc.catalogue.resolution import resolve
from actcalc.numbers.digits import Digits
from actcalc.numbers.floats import Format
from actcalc.numbers.numerals import exact_text

_DIGITS = Digits(60)
"""More digits than any format has, for slopes at ends of the range that are not fractions."""


def slope_from_values(f: Activation, fmt: Format | None = None) -> Activation:
    """The slope as a formula in the value of g, which is called z here.

    As everywhere, a value of the format stands for the level or the end of the range that rounds to it.
    Raises ActcalcError if the slope does not follow from values of g.
    """
    shortcut = f.require_shortcut()
    values = {**{name: f"({f.texts[name]})" for name in f.parameters}, shortcut.variable: "z"}
    text = in_terms_of(shortcut.text, values)
    for a, level in ({} if fmt is None else f.rounded_levels(fmt)).items():
        slope = f.slope_from(level, _DIGITS)
        if slope is not None:
            text = f"{slope:f} if z == {exact_text(Fraction(a))} else ({text})"
    return resolve(text if re.search(r"\bz\b", text) else f"{text} + 0*z")


def in_terms_of(text: str, values: Mapping[str, str]) -> str:
    """A formula with texts in place of some of its names."""
    names = "|".join(map(re.escape, values))
    return re.sub(rf"\b({names})\b(?! *\()", lambda name: values[name[1]], text) if names else text
