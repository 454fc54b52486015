"""Neural-network activation functions and their slopes, every printed digit right."""

from typing import TYPE_CHECKING, Any

from actcalc._version import __version__
from actcalc.errors import ActcalcError

if TYPE_CHECKING:
    from actcalc.bound import Activation
    from actcalc.catalogue import activation, names

__all__ = ["ActcalcError", "Activation", "__version__", "activation", "names"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the command line starts with less."""
    if name == "Activation":
        from actcalc.bound import Activation

        return Activation
    if name in ("activation", "names"):
        from actcalc import catalogue

        return getattr(catalogue, name)
    raise AttributeError(f"module 'actcalc' has no attribute {name!r}")
