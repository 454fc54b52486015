"""The pipeline of eval, deriv and table: columns of results for points as they come."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.evaluation.pipeline import KinkNotes, evaluate_blocks
from actcalc.evaluation.reading import Read
from actcalc.evaluation.request import Request
from actcalc.output.rows import Block

if TYPE_CHECKING:
    from actcalc.activations.notes import KinkNote
    from actcalc.evaluation.numbers import Points


def table(
    request: Request,
    source: Iterator[Read],
    noted: Callable[["KinkNote | str"], None] = lambda note: None,
    unsettled: Callable[[str], None] = lambda reason: None,
    may_hurry: bool = True,
) -> Iterator[Block]:
    """Blocks of rows for the points of ``source`` as they come; the first has no rows.

    ``noted`` gets a note about each kink when it is first met, and ``unsettled`` the reason each time NaN
    stands for a value. ``may_hurry`` is as for ``evaluate_blocks``. Errors of ``source`` come after the rows
    before them.
    """
    numbers = request.numbers
    asides = [SetAside() for _ in request.results]
    notes = [
        # g has its own notes only if it stands alone: those of g' say more.
        KinkNotes(request, f, of) if of != "g" or len(request.quantities) == 1 else None
        for f, of in request.results
    ]

    def all_of(points: "Points") -> "tuple[list[Points], list[str], Block]":
        values, reasons = [], []
        texts = [] if request.alone else numbers.point_texts(points)
        for (f, of), aside in zip(request.results, asides, strict=True):
            values.append(request.values(f, of, points, aside))
            places = aside.places(points, values[-1])
            texts += numbers.texts(values[-1], places)
            reasons += [aside.reasons[points[place]] for place in places]
        return values, reasons, texts

    # An array without rows still has fields.
    of_points = [] if request.alone else numbers.point_texts([])
    yield [*of_points, *numbers.texts([]) * len(request.results)]
    for points, (values, reasons, texts) in evaluate_blocks(source, all_of, may_hurry):
        yield texts
        for reason in reasons:
            unsettled(reason)
        for kinks, results in zip(notes, values, strict=True):
            for note in kinks.first_met(points, results) if kinks else ():
                noted(note)


def quantities_upto(upto: Quantity) -> Sequence[Quantity]:
    """The quantities of a table: g, g' and so on up to a derivative."""
    return QUANTITIES[: QUANTITIES.index(upto) + 1]
