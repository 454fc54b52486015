"""Anybody's modules, found by their files in a directory before all others."""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType


def import_from(directory: str, name: str) -> ModuleType:
    """The module ``name``, from a file in the directory or else from Python's path.

    The directory comes last on Python's path: no other file in it replaces a module that others import. If
    the module itself would, it gets another name.
    """
    if directory not in sys.path:
        sys.path.append(directory)
    importlib.invalidate_caches()
    top, dot, rest = name.partition(".")
    spec = PathFinder.find_spec(top, [directory])
    if spec is None or not _is_there(rest, spec) or _is_loaded(spec):
        return importlib.import_module(name)
    if (
        top in sys.modules
        or top in sys.stdlib_module_names
        or (spec.submodule_search_locations is None and _is_elsewhere(spec))
    ):
        spec = _renamed(spec, f"_audited_{top}")
    if not _is_loaded(spec):
        _load(spec)
    return importlib.import_module(spec.name + dot + rest)


def _is_there(rest: str, spec: ModuleSpec) -> bool:
    """Whether a module, or a part of a package, has a file; a directory alone does not count."""
    for part in rest.split(".") if rest else ():
        found = PathFinder.find_spec(part, spec.submodule_search_locations or [])
        if found is None:
            return False
        spec = found
    return spec.origin is not None


def _is_loaded(spec: ModuleSpec) -> bool:
    known = getattr(sys.modules.get(spec.name), "__spec__", None)
    return known is not None and _places(known) == _places(spec)


def _places(spec: ModuleSpec) -> tuple[str | None, Sequence[str]]:
    return spec.origin, list(spec.submodule_search_locations or ())


def _is_elsewhere(spec: ModuleSpec) -> bool:
    """Whether Python's path has another module of this name."""
    found = PathFinder.find_spec(spec.name, sys.path)  # the directory comes last
    return found is not None and found.origin != spec.origin


def _renamed(spec: ModuleSpec, name: str) -> ModuleSpec:
    inside = spec.submodule_search_locations
    if spec.origin is None:
        renamed = ModuleSpec(name, None, is_package=True)
        renamed.submodule_search_locations = list(inside or ())
        return renamed
    found = spec_from_file_location(name, spec.origin, submodule_search_locations=inside)
    assert found is not None
    return found


def _load(spec: ModuleSpec) -> None:
    for other in [other for other in sys.modules if other.startswith(f"{spec.name}.")]:
        del sys.modules[other]  # of another directory
    module = sys.modules[spec.name] = module_from_spec(spec)
    try:
        if spec.loader is not None and spec.origin is not None:
            spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
