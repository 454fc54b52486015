"""Neural-network activation functions and their slopes, every printed digit right."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actcalc._version import __version__
    from actcalc.activations.activation import Activation
    from actcalc.catalogue.lookup import names
    from actcalc.catalogue.resolution import activation
    from actcalc.checking.auditing import audit, points
    from actcalc.checking.comparison import check
    from actcalc.checking.report import Report
    from actcalc.errors import ActcalcError

__all__ = [
    "ActcalcError",
    "Activation",
    "Report",
    "__version__",
    "activation",
    "audit",
    "check",
    "names",
    "points",
]

_HOMES = {
    "ActcalcError": "errors",
    "Activation": "activations.activation",
    "Report": "checking.report",
    "__version__": "_version",
    "activation": "catalogue.resolution",
    "audit": "checking.auditing",
    "check": "checking.comparison",
    "names": "catalogue.lookup",
    "points": "checking.auditing",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts faster."""
    if name in _HOMES:
        return getattr(import_module(f"actcalc.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'actcalc' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
