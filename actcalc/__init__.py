"""Neural-network activation functions and their slopes, every printed digit right."""

from typing import TYPE_CHECKING, Any

from actcalc._version import __version__
from actcalc.errors import ActcalcError

if TYPE_CHECKING:
    from actcalc.activations.activation import Activation
    from actcalc.catalogue.lookup import activation, names
    from actcalc.checking.comparison import Report, check

__all__ = ["ActcalcError", "Activation", "Report", "__version__", "activation", "check", "names"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command line starts with less."""
    if name == "Activation":
        from actcalc.activations.activation import Activation

        return Activation
    if name in ("activation", "names"):
        from actcalc.catalogue import lookup

        return getattr(lookup, name)
    if name in ("Report", "check"):
        from actcalc.checking import comparison

        return getattr(comparison, name)
    raise AttributeError(f"module 'actcalc' has no attribute {name!r}")
