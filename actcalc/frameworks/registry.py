"""The known frameworks: each is a file in ``adapters``."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from actcalc.frameworks import adapters
from actcalc.frameworks.framework import Framework, Library


def _discover() -> Mapping[str, type[Library]]:
    files = (import_module(f"{adapters.__name__}.{found.name}") for found in iter_modules(adapters.__path__))
    return {kind.name: kind for kind in sorted((file.Target for file in files), key=lambda kind: kind.place)}


FRAMEWORKS = _discover()
"""The frameworks by name, in the order of lists."""

ARRAYS: Mapping[str, type[Framework]] = {
    name: kind for name, kind in FRAMEWORKS.items() if issubclass(kind, Framework) and kind.has_slopes
}
"""The frameworks whose arrays have slopes."""
