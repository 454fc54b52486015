"""Formulas as source: in working precision or correctly rounded, in the languages of kernels.

``source`` is all of it in one call.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actcalc.code.emission import source

__all__ = ["source"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for."""
    if name == "source":
        from actcalc.code.emission import source

        return source
    raise AttributeError(f"module 'actcalc.code' has no attribute {name!r}")
