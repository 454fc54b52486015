"""Neural-network activation functions and their slopes, every printed digit right."""

from actcalc._version import __version__
from actcalc.activation import Activation
from actcalc.catalogue import activation, names
from actcalc.errors import ActcalcError

__all__ = ["ActcalcError", "Activation", "__version__", "activation", "names"]
