"""Names of the functions that are printed."""

import re
from collections.abc import Container, Iterable, Mapping

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import Quantity
from actcalc.errors import ActcalcError, quote

_ENDS: Mapping[Quantity, str] = {"g": "", "dg": "_slope"}


def names(
    f: Activation, of: Iterable[Quantity], title: str, reserved: Container[str], given: str | None = None
) -> dict[Quantity, str]:
    """The names of g and g' of ``f`` in a language of that ``title``, where some names are ``reserved``.

    The name ``given``, or that of the activation (g for a formula); the slope's name has a suffix.
    Raises ActcalcError if the given name is not a valid one in the language.
    """
    if given is None:
        base = f.name if f.is_declared else "g"
        found = {which: base + _ENDS[which] for which in of}
        return {which: f"actcalc_{name}" if name in reserved else name for which, name in found.items()}
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", given):
        raise ActcalcError(
            f"must be a name of letters, digits and '_', not {quote(given)}",
            "for example: my_gelu",
            about="name",
        )
    found = {which: given + _ENDS[which] for which in of}
    for name in found.values():
        if name in reserved:
            raise ActcalcError(
                f": {quote(name)} has a meaning in {title}", f"for example: my_{name}", about="name"
            )
    return found
