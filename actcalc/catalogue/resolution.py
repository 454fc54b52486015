"""Resolve what a user wrote, a name or a formula in z with or without parameters, to an activation."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Declaration
from actcalc.activations.parameters import bind
from actcalc.catalogue import lookup
from actcalc.errors import ActcalcError, quote
from actcalc.numbers.numerals import MINUS_SIGN, Exact


def activation(name: str, /, **parameters: Exact | None) -> Activation:
    """The activation called ``name``, with values for its parameters.

    ``name`` is a canonical name, an alias or a formula in z; case, ``_`` and ``-`` of names do not count. A
    parameter is a str, int, Fraction or Decimal, taken exactly; a float, taken as the decimal that it prints
    as; or None for ``none``.

    Raises ActcalcError for an unknown name, and for a parameter that is unknown, missing, not a number or
    outside its domain.
    """
    if not isinstance(name, str):
        raise ActcalcError(f"the name of an activation must be a string, not {type(name).__name__}")
    return bind(_declaration(name, parameters), parameters)


def resolve(text: str, given: Mapping[str, Exact] | None = None) -> Activation:
    """The activation written ``NAME`` or ``NAME:parameter=value[,parameter=value...]``.

    ``NAME(parameter=value)``, the form used in titles, is accepted, too.

    ``given`` holds parameters that were written elsewhere. The label is the canonical name if the text has no
    parameters; otherwise it is the text in ASCII without white space around its numbers.

    Raises ActcalcError as ``activation`` does, and for text in another form.
    """
    return read_reference(text, given or {}).bind(given or {})


_TITLE = re.compile(r"([\w-]+)\( *(\w+ *=[^()]*)\)")
"""An activation in the form used in titles: ``leaky_relu(slope=0.1)``."""


class Reference(NamedTuple):
    """An activation as it was written, before values are bound to its parameters."""

    declaration: Declaration
    name: str
    settings: str | None
    """The text after the name and a colon, or None."""

    def bind(self, given: Mapping[str, Exact]) -> Activation:
        """The activation with its own parameters and those ``given``. Raises ActcalcError as ``resolve``."""
        own = [] if self.settings is None else [parse_setting(text) for text in self.settings.split(",")]
        pairs = [*given.items(), *own]
        for i, (parameter, _) in enumerate(pairs):
            if any(parameter == other for other, _ in pairs[:i]):
                raise ActcalcError(f"parameter {quote(parameter)} of {self.declaration.title} is given twice")
        label = ",".join(f"{parameter}={value}" for parameter, value in own)
        name = self.declaration.name if self.settings is None else f"{self.name}:{label}"
        return bind(self.declaration, dict(pairs), name)


def read_reference(text: str, given: Mapping[str, Exact]) -> Reference:
    """Parse the name or formula and the parameters in a text; ``given`` holds further parameters."""
    name, colon, settings = lookup.SETTINGS.get(text.lower(), text).partition(":")
    if titled := _titled(text):
        name, colon, settings = titled[1], ":", titled[2]
    elif "?" in name or name.startswith("lambda "):  # syntax of other languages, refused as a whole
        name, colon, settings = text, "", ""
    own = {setting.partition("=")[0].strip(): "" for setting in settings.split(",")}
    return Reference(_declaration(name, {**given, **own}), name, settings if colon else None)


def names_an_activation(text: str) -> bool:
    """Whether a text names an activation of the catalogue, with or without parameters."""
    name = text.partition(":")[0]
    return lookup.find(name) is not None or _titled(text) is not None or text.lower() in lookup.SETTINGS


def _titled(text: str) -> re.Match[str] | None:
    """Match the name and the parameters of an activation written as in a title."""
    match = _TITLE.fullmatch(text)
    return match if match is not None and lookup.find(match[1]) is not None else None


def _declaration(name: str, given: Mapping[str, Exact | None]) -> Declaration:
    """The declaration of a name of the catalogue, or of a formula with parameters of the ``given`` names."""
    if lookup.find(name) is None:
        from actcalc.arithmetic.spelling import is_formula  # names do not need it

        if is_formula(name):
            from actcalc.catalogue.custom import declare

            return declare(name, [parameter for parameter in given if parameter])
        refuse(name)
    return lookup.declaration(name)


def refuse(name: str) -> None:
    """Raise ActcalcError, with advice on what to write, for a known name that is not an activation."""
    lookup.refuse(name)
    from actcalc.catalogue.trees import CHOICES, FUNCTIONS

    if name in FUNCTIONS or name in CHOICES:
        inside = "0, z" if name in CHOICES else "z"
        raise ActcalcError(f"{quote(name)} is a function for formulas", f"write '{name}({inside})'")


def parse_setting(text: str) -> tuple[str, str]:
    """Split ``parameter=value``. Raises ActcalcError for text in another form."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ActcalcError(f"parameter {quote(text)} has no number: write NAME=VALUE")
    return name.strip(), value.strip().replace(MINUS_SIGN, "-")
