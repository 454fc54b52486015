"""The libraries that have an activation, and their differences from it."""

from actcalc.activations.activation import Activation
from actcalc.activations.parameters import bind
from actcalc.frameworks import unaudited
from actcalc.frameworks.framework import SLOPES_WITH, Entry, Library


def _entries(name: str) -> dict[type[Library], Entry]:
    """The entry of each framework for an activation."""
    from actcalc.frameworks.registry import FRAMEWORKS  # not needed for lists of activations

    return {library: library.table[name] for library in FRAMEWORKS.values() if name in library.table}


def found_in(name: str) -> str:
    """The libraries that have an activation, those that ``audit`` runs first."""
    others = (library for library, known in unaudited.FOUND.items() if name in known.split())
    return ", ".join([*(library.name for library in _entries(name)), *others])


def differences(name: str) -> str:
    """The differences of libraries from actcalc, each with the libraries that have it."""
    found: dict[str, list[str]] = {}
    for library, entry in _entries(name).items():
        for difference in filter(None, (entry.default and f"{entry.default} by default", entry.otherwise)):
            found.setdefault(difference, []).append(library.name)
    for difference, libraries in unaudited.OTHERWISE.get(name, {}).items():
        found.setdefault(difference, []).extend(libraries)
    return ", ".join(f"{difference} ({', '.join(libraries)})" for difference, libraries in found.items())


def slopes_at_kink(f: Activation, index: int) -> dict[str, str]:
    """The slopes that libraries return at a kink, as far as they are known."""
    known = {library.at_kinks or library.name: entry.slopes for library, entry in _entries(f.name).items()}
    known |= {name: table.get(f.name, ()) for name, table in unaudited.SLOPES.items()}
    told = {name: slopes for name, slopes in known.items() if slopes}
    if not told or f.parameters != bind(f.declaration, SLOPES_WITH.get(f.name, {})).parameters:
        return {}
    return {name: slopes[index] for name, slopes in told.items()}


def default_note(f: Activation) -> str:
    """A sentence on the meaning of a bare name, if libraries disagree; else ``""``."""
    if f.label != f.name:
        return ""
    in_force = all(f.texts[parameter.name] == parameter.default for parameter in f.declaration.parameters)
    others = differences(f.name)
    if not (f.variant or others):
        return ""
    settings = f.describe()[len(f.name) + 1 : -1]
    there = f"lsewhere: {others}." if others and in_force else ""
    if f.variant:
        here = f"Here {f.describe()} is {f.variant}."
    elif settings:
        here = f"Here {f.name} has {settings}."
    else:
        return f"{f.name} e{there}" if there else ""
    return f"{here} E{there}" if there else here
