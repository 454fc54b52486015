"""The rows of a table: z, then g(z) and g'(z) of each activation."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from actcalc.activations.activation import Activation
from actcalc.evaluation.numbers import Numbers
from actcalc.evaluation.pipeline import KinkNotes, evaluated
from actcalc.evaluation.reading import Read
from actcalc.output.rows import Block, Column

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points


def table(
    fs: Sequence[Activation],
    numbers: Numbers,
    source: Iterator[Read],
    at_kink: str = "least",
    rule: str = "",
    noted: Callable[[str], None] = lambda note: None,
    may_hurry: bool = True,
) -> Iterator[Block]:
    """Blocks of rows, of ``columns``, for the points of ``source`` as they come; the first has no rows.

    ``noted`` is told of each kink when it is first met, in one line, with the ``rule`` as it was asked for.
    ``may_hurry`` is as for ``evaluated``. Raises what ``source`` raises, after the rows before it.
    """
    notes = KinkNotes({f.label: f.kinks for f in fs}, numbers, "z", rule or at_kink)

    def both(points: "Points") -> "list[tuple[Points, Points]]":
        return [(numbers.g(f, points), numbers.dg(f, points, at_kink)) for f in fs]

    yield numbers.texts([]) * (1 + 2 * len(fs))  # an array has fields, if no rows
    for points, values in evaluated(source, both, may_hurry):
        texts = numbers.texts(points)
        met: list[str] = []
        for f, (g, slopes) in zip(fs, values, strict=True):
            texts += [*numbers.texts(g), *numbers.texts(slopes)]
            met += notes.first_met(f, points, slopes)
        yield texts
        for note in met:
            noted(note)


def columns(fs: Sequence[Activation], numbers: Numbers) -> list[Column]:
    """The columns of a table of ``fs``: z, then g and g' of each."""
    named = [("z", "z")]
    for f in fs:
        several = len(fs) > 1
        named += [
            (f"{f.label}_{key}" if several else key, f"{f.label} {title}" if several else title)
            for key, title in (("g", "g(z)"), ("dg", "g'(z)"))
        ]
    kind = "number" if numbers.are_numbers_in_json else "text"
    return [
        Column(name + suffix, f"{title} {suffix[1:]}".strip(), "text" if suffix else kind)
        for name, title in named
        for suffix in numbers.suffixes
    ]
