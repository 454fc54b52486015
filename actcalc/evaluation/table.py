"""The rows of a table: z, then g(z) and g'(z) of each activation."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from actcalc.activations.activation import Activation
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import QUANTITIES, Quantity, prime
from actcalc.evaluation.numbers import Numbers
from actcalc.evaluation.pipeline import KinkNotes, evaluated
from actcalc.evaluation.reading import Read
from actcalc.output.rows import Block, Column

if TYPE_CHECKING:
    from actcalc.activations.notes import KinkNote
    from actcalc.evaluation.numbers import Points


def table(
    fs: Sequence[Activation],
    numbers: Numbers,
    source: Iterator[Read],
    at_kink: str = "least",
    noted: Callable[["KinkNote | str"], None] = lambda note: None,
    may_hurry: bool = True,
    upto: Quantity = "dg",
    unsettled: Callable[[str], None] = lambda reason: None,
) -> Iterator[Block]:
    """Blocks of rows, of ``columns``, for the points of ``source`` as they come; the first has no rows.

    ``noted`` is told of each kink when it is first met. ``may_hurry`` is as for ``evaluated``; ``upto`` is
    the last derivative. ``unsettled`` is told why NaN stands for a value, each time. Raises what ``source``
    raises, after the rows before it.
    """
    ofs = shown(upto)
    notes = [KinkNotes({f.label: f.kinks_of(of) for f in fs}, numbers, "z", at_kink, of) for of in ofs[1:]]

    asides = [[SetAside() for _ in ofs] for _ in fs]

    def all_of(points: "Points") -> "tuple[list[list[Points]], list[str], Block]":
        values = [
            [numbers.derivative(f, points, of, aside, at_kink) for of, aside in zip(ofs, of_one, strict=True)]
            for f, of_one in zip(fs, asides, strict=True)
        ]
        texts, reasons = numbers.texts(points), []
        for column, aside in zip(chain(*values), chain(*asides), strict=True):
            places = aside.places(points, column)
            texts += numbers.texts(column, places)
            reasons += [aside.reasons[points[place]] for place in places]
        return values, reasons, texts

    yield numbers.texts([]) * (1 + len(ofs) * len(fs))  # an array has fields, if no rows
    for points, (values, reasons, texts) in evaluated(source, all_of, may_hurry):
        yield texts
        for reason in reasons:
            unsettled(reason)
        for f, of_one in zip(fs, values, strict=True):
            for notes_of, derivatives in zip(notes, of_one[1:], strict=True):
                for note in notes_of.first_met(f, points, derivatives):
                    noted(note)


def shown(upto: Quantity) -> Sequence[Quantity]:
    """What a table shows: g, g' and so on up to a derivative."""
    return QUANTITIES[: QUANTITIES.index(upto) + 1]


def columns(fs: Sequence[Activation], numbers: Numbers, upto: Quantity = "dg") -> list[Column]:
    """The columns of a table of ``fs``: z, then g, g' and so on of each."""
    named = [("z", "z")]
    for f in fs:
        several = len(fs) > 1
        named += [
            (f"{f.label}_{key}" if several else key, f"{f.label} {title}" if several else title)
            for key in shown(upto)
            for title in (f"g{prime(key)}(z)",)
        ]
    kind = "number" if numbers.are_numbers_in_json else "digits"
    return [
        Column(name + suffix, f"{title} {suffix[1:]}".strip(), "text" if suffix else kind)
        for name, title in named
        for suffix in numbers.suffixes
    ]
