"""The one pipeline of eval, deriv and table: columns of results, for points as they come."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import QUANTITIES, Quantity, prime
from actcalc.evaluation.numbers import Numbers
from actcalc.evaluation.pipeline import KinkNotes, evaluated
from actcalc.evaluation.reading import Read, Reader
from actcalc.output.rows import Block, Column

if TYPE_CHECKING:
    from actcalc.activations.notes import KinkNote
    from actcalc.evaluation.numbers import Points


class Request(NamedTuple):
    """Quantities of activations: a column each, in numbers of one kind."""

    fs: Sequence[Activation]
    quantities: Sequence[Quantity]
    numbers: Numbers
    at_kink: str = "least"
    given_a: bool = False
    """The points are values of g, and the slope follows from them alone."""
    alone: bool = False
    """The results are shown without their points."""

    @property
    def variable(self) -> str:
        """The points are called so."""
        return "a" if self.given_a else "z"

    @property
    def results(self) -> Sequence[tuple[Activation, Quantity]]:
        """The activation and the quantity of each column."""
        return [(f, of) for f in self.fs for of in self.quantities]

    def reader(self, column: str | None) -> Reader:
        """A reader of points, in a stream those of one ``column``, if it is given."""
        return Reader(self.numbers, column, self.fs[0] if self.given_a else None)

    def columns(self) -> list[Column]:
        """The columns: the points, unless results stand alone, then g, g' and so on of each activation."""
        named = [] if self.alone else [(self.variable, self.variable)]
        for f, of in self.results:
            title = "g' from a" if self.given_a else f"g{prime(of)}(z)"
            named.append((f"{f.label}_{of}", f"{f.label} {title}") if len(self.fs) > 1 else (of, title))
        kind = "number" if self.numbers.are_numbers_in_json else "digits"
        return [
            Column(name + suffix, f"{title} {suffix[1:]}".strip(), "text" if suffix else kind)
            for name, title in named
            for suffix in self.numbers.suffixes
        ]

    def values(self, f: Activation, of: Quantity, points: "Points", aside: SetAside) -> "Points":
        """A quantity of one activation at the points; what is not settled is set ``aside``."""
        if self.given_a:
            return self.numbers.dg_from_a(f, points, aside, self.at_kink)
        return self.numbers.derivative(f, points, of, aside, self.at_kink)


def table(
    request: Request,
    source: Iterator[Read],
    noted: Callable[["KinkNote | str"], None] = lambda note: None,
    unsettled: Callable[[str], None] = lambda reason: None,
    may_hurry: bool = True,
) -> Iterator[Block]:
    """Blocks of rows for the points of ``source`` as they come; the first has no rows.

    ``noted`` is told of each kink when it is first met, and ``unsettled`` why NaN stands for a value, each
    time. ``may_hurry`` is as for ``evaluated``. Raises what ``source`` raises, after the rows before it.
    """
    numbers = request.numbers
    asides = [SetAside() for _ in request.results]
    notes = [
        # A value of g has a note of its own only where it stands alone: g' has more to say.
        KinkNotes(request, f, of) if of != "g" or len(request.quantities) == 1 else None
        for f, of in request.results
    ]

    def all_of(points: "Points") -> "tuple[list[Points], list[str], Block]":
        values, reasons = [], []
        texts = [] if request.alone else numbers.texts(points)
        for (f, of), aside in zip(request.results, asides, strict=True):
            values.append(request.values(f, of, points, aside))
            places = aside.places(points, values[-1])
            texts += numbers.texts(values[-1], places)
            reasons += [aside.reasons[points[place]] for place in places]
        return values, reasons, texts

    # An array has fields, if no rows.
    yield numbers.texts([]) * (len(request.results) + (not request.alone))
    for points, (values, reasons, texts) in evaluated(source, all_of, may_hurry):
        yield texts
        for reason in reasons:
            unsettled(reason)
        for kinks, results in zip(notes, values, strict=True):
            for note in kinks.first_met(points, results) if kinks else ():
                noted(note)


def shown(upto: Quantity) -> Sequence[Quantity]:
    """What a table shows: g, g' and so on up to a derivative."""
    return QUANTITIES[: QUANTITIES.index(upto) + 1]
