"""Requests for quantities of activations, in numbers of one system."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.aside import SetAside
from actcalc.activations.declaration import Quantity, prime
from actcalc.errors import ActcalcError
from actcalc.evaluation.numbers import NumberSystem
from actcalc.evaluation.reading import Reader
from actcalc.output.rows import Column

if TYPE_CHECKING:
    from actcalc.evaluation.numbers import Points
    from actcalc.input.invalid import Invalid


class Request(NamedTuple):
    """A request for quantities of activations, a column each, in numbers of one system."""

    fs: Sequence[Activation]
    quantities: Sequence[Quantity]
    numbers: NumberSystem
    at_kink: str = "least"
    given_a: bool = False
    """Whether the points are values of g, from which alone the slope follows."""
    alone: bool = False
    """Whether results are shown without their points."""

    @property
    def variable(self) -> str:
        """The name of the points."""
        return "a" if self.given_a else "z"

    @property
    def results(self) -> Sequence[tuple[Activation, Quantity]]:
        """The activation and the quantity of each column."""
        return [(f, of) for f in self.fs for of in self.quantities]

    def reader(self, column: str | None, invalid: "Invalid | None" = None) -> Reader:
        """A ``Reader`` of points with these options.

        Raises ActcalcError if values of g do not determine the slope, or another quantity is asked for.
        """
        if self.given_a:
            if [*self.quantities] != ["dg"]:
                raise ActcalcError("gives only the slope, no other order", about="given_a")
            self.fs[0].require_shortcut()
        return Reader(self.numbers, column, self.fs[0] if self.given_a else None, invalid)

    def columns(self, by_names: bool = False) -> list[Column]:
        """The columns: the points, unless results are alone, then g, g' and so on of each activation.

        Their names include those of activations if there are several, or ``by_names``.
        """
        suffixes, of_points = self.numbers.suffixes, self.numbers.point_suffixes
        named = [] if self.alone else [(self.variable, self.variable, "", of_points)]
        for f, of in self.results:
            title = "g' from a" if self.given_a else f"g{prime(of)}(z)"
            named.append(
                (f"{f.label}_{of}", f"{f.label} {title}", f.label, suffixes)
                if by_names or len(self.fs) > 1
                else (of, title, f.label, suffixes)
            )
        kind = "number" if self.numbers.are_numbers_in_json else "digits"
        return [
            Column(
                name + suffix,
                f"{title} {suffix[1:]}".strip(),
                "text" if suffix else kind,
                identifies=not group and not suffix,
                group=group,
            )
            for name, title, group, suffixes in named
            for suffix in suffixes
        ]

    def values(self, f: Activation, of: Quantity, points: "Points", aside: SetAside) -> "Points":
        """A quantity of one activation at the points; values that are not settled are set ``aside``."""
        if self.given_a:
            return self.numbers.dg_from_a(f, points, aside, self.at_kink)
        return self.numbers.derivative(f, points, of, aside, self.at_kink)
