"""``actcalc plot``: pictures of g and g', of tangents, and of the textbook slope's error."""

import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

from actcalc.activations.activation import Activation
from actcalc.activations.declaration import QUANTITIES, Quantity
from actcalc.activations.kinks import check_at_kink
from actcalc.activations.parameters import find_parameter
from actcalc.cli.notes import option
from actcalc.cli.options import (
    AtKink,
    Names,
    Order,
    Param,
    Quiet,
    complete_files,
    complete_parameters,
    flag,
    offer,
    value,
)
from actcalc.cli.requests import (
    activations,
    exclude,
    given_among,
    points_between,
    quantity_of,
    text_width,
    whole_number,
)
from actcalc.errors import ActcalcError, join_names, quote
from actcalc.numbers.floats import FORMATS, Format, float_format
from actcalc.numbers.numerals import parse_exact

if TYPE_CHECKING:
    from actcalc.numbers.ranges import Grid
    from actcalc.plot.page import Varied
    from actcalc.plot.scene import Picture


def plot(
    names: Names,
    start: Annotated[
        str | None, value("A", "Start of the range.  [default: -6; with --error -40]", "--from")
    ] = None,
    stop: Annotated[
        str | None, value("B", "End of the range.  [default: 6; with --error 40]", "--to")
    ] = None,
    step: Annotated[str | None, value("H", "Distance between the points of a curve.", "--step")] = None,
    num: Annotated[str | None, value("N", "Number of points of a curve.", "--num")] = None,
    at: Annotated[
        list[str] | None,
        value("Z...", "Draw tangents and little triangles at these points; repeatable.", "--at"),
    ] = None,
    param: Param = None,
    order: Order = None,
    at_kink: AtKink = "least",
    error: Annotated[
        str | None,
        value(
            "FORMAT",
            f"Draw the error of the textbook slope, in ulps of {join_names(FORMATS)}.",
            "--error",
            complete=offer(FORMATS),
        ),
    ] = None,
    output: Annotated[
        str | None,
        value(
            "FILE",
            "Write a .svg, .png or .pdf file, or a page as .html.",
            "--output",
            "-o",
            complete=complete_files,
        ),
    ] = None,
    size: Annotated[
        str | None,
        value("WxH", "Size in pixels (of SVG and PDF the shape), or columns x lines in the terminal."),
    ] = None,
    dpi: Annotated[str | None, value("N", "Pixels per inch, with -o.  [default: 200]")] = None,
    title: Annotated[
        str | None, value("TEXT", "Title; in files, formulas between dollars are typeset: '$g(z) = e^z$'.")
    ] = None,
    ylim: Annotated[
        tuple[str, str] | None, value("LOW HIGH", "Ends of the y axis.", "--ylim", show_default=False)
    ] = None,
    panels: Annotated[
        bool,
        flag("Draw g and g' in separate panels, as for three functions; more have a panel each.", "--panels"),
    ] = False,
    dark: Annotated[bool, flag("Draw light on dark, for slides (with -o).", "--dark")] = False,
    vary: Annotated[
        str | None,
        value("NAME=A..B", "Add a slider from A to B for a parameter.", complete=complete_parameters),
    ] = None,
    locale: Annotated[
        str | None, value("en|uk", "Language of the page.  [default: en]", complete=offer(("en", "uk")))
    ] = None,
    ascii_only: Annotated[bool, flag("Use only ASCII characters in the terminal.", "--ascii")] = False,
    quiet: Quiet = False,
) -> None:
    """Draw g(z), solid, and its slope, dashed, in the terminal or, with -o, into a file.

    \b
    Examples:
      actcalc plot tanh
      actcalc plot relu --at 0
      actcalc plot gelu --order 2
      actcalc plot sigmoid tanh --at 0 -o slopes.svg
      actcalc plot gelu gelu_tanh --from -4 --to 2 -o gelu.png --size 1920x1080
      actcalc plot sigmoid relu --at 1 -o page.html
      actcalc plot elu --vary alpha=0..2 -o page.html
      actcalc plot sigmoid tanh --error float64 -o error.svg
    """
    rule, fs = check_at_kink(at_kink), activations(names, param, quiet)
    fmt = None if error is None else float_format(error, about="error")
    upto = quantity_of(order)
    if fmt is not None:
        exclude("--error", {"--at": at or None, "--panels": panels, "--order": order})
    resolution = None if dpi is None else whole_number("--dpi", dpi, 10, 2400)
    ends = (start, stop, ("-6", "6") if fmt is None else ("-40", "40"))
    limits = None if ylim is None else _limits(ylim, fmt is not None)
    request = _Request(fs, fmt, at or (), rule, panels, upto, ends, step, num, title, limits)
    if not (output or "").lower().endswith(".html"):
        for name, given in {"--vary": vary, "--locale": locale}.items():
            if given is not None:
                raise ActcalcError(f"{name} is for pages", "write a page with -o page.html")
    if output is None:
        if dark or dpi is not None:
            raise ActcalcError(f"{'--dark' if dark else '--dpi'} is for files", "write a file with -o")
        _print(request, size, ascii_only, quiet)
        return
    from actcalc.output.files import check_writable

    if output.lower().endswith(".html"):
        options = {"--ascii": ascii_only, "--error": fmt, "--panels": panels, "--size": size, "--dpi": dpi}
        for refused in given_among({**options, "--order 0": upto == "g", "--title": title, "--ylim": ylim}):
            raise ActcalcError(f"{refused} does not apply to a page")
        from actcalc.plot.page import POINTS, POINTS_IF_VARIED, save_page

        varied = None if vary is None else _varied(vary, fs)
        points = request.points(POINTS if varied is None else POINTS_IF_VARIED)
        joined = request.points() if varied is None else None
        check_writable(output)
        save_page(
            *(fs, points, output, request.at, rule, dark, upto, option),
            joined=joined,
            varied=varied,
            locale=locale or "en",
        )
    else:
        from actcalc.plot.image import check_suffix, check_title, save, shape_of
        from actcalc.plot.scene import panels_for

        exclude("-o", {"--ascii": ascii_only})
        check_suffix(output)
        arrangement = "one" if fmt is not None else panels_for(len(fs), panels)
        count = {"one": 1, "quantities": QUANTITIES.index(upto) + 1, "functions": len(fs)}[arrangement]
        shape = shape_of(arrangement, count, _size(size, (100, 100), 10_000), resolution)
        check_writable(output)
        if title is not None:
            request = request._replace(title=check_title(title))
        save(request.picture(request.points()), output, shape, dark)


def _limits(texts: tuple[str, str], is_logarithmic: bool) -> tuple[float, float]:
    """The ends of the y axis. Raises ActcalcError for impossible ones."""
    from actcalc.numbers.floats import FLOAT64
    from actcalc.numbers.numerals import parse_exact
    from actcalc.plot.scene import HIGHEST

    try:
        low, high = (FLOAT64.round_exact(parse_exact(text)) for text in texts)
    except ActcalcError as error:
        raise ActcalcError(f"--ylim: {error}", error.hint) from None
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        raise ActcalcError(f"--ylim {' '.join(texts)}: the first end must be below the second")
    if max(-low, high) > HIGHEST:
        raise ActcalcError(f"--ylim {' '.join(texts)}: the ends must be from -{HIGHEST:g} to {HIGHEST:g}")
    if is_logarithmic and low <= 0:
        raise ActcalcError(
            f"--ylim {' '.join(texts)}: the axis of errors is logarithmic and has no {texts[0]}"
        )
    return low, high


class _Request(NamedTuple):
    """A request for a picture."""

    fs: Sequence[Activation]
    fmt: Format | None
    """The format in which to draw the errors of textbook slopes; None for g and its slope."""
    at: Sequence[str]
    at_kink: str
    panels: bool
    upto: Quantity
    ends: tuple[str | None, str | None, tuple[str, str]]
    step: str | None
    num: str | None
    title: str | None
    limits: tuple[float, float] | None

    def points(self, most: int | None = None) -> "Grid":
        """The points of the curves, as many as are asked for or, by default, as can be told apart."""
        num = self.num
        if self.step is None and num is None:
            num = str(most or (601 if self.fmt is None else 801))
        return points_between(*self.ends, self.step, num)

    def picture(self, points: "Grid") -> "Picture":
        if self.fmt is not None:
            from actcalc.plot.errors import draw_errors

            picture = draw_errors(self.fs, points, self.fmt, self.limits)
        else:
            from actcalc.plot.curves import draw_curves

            picture = draw_curves(self.fs, points, self.at, self.at_kink, self.panels, self.upto, self.limits)
        return picture if self.title is None else picture._replace(title=self.title)


def _varied(text: str, fs: Sequence[Activation]) -> "Varied":
    """The parameter and the range that ``NAME=A..B`` asks for.

    Raises ActcalcError for a malformed text, and if none of the activations has the parameter.
    """
    from actcalc.plot.page import Varied
    from actcalc.plot.page_numbers import parameter_of

    parameter, equals, ends = text.partition("=")
    start, dots, stop = ends.partition("..")
    if not (parameter and equals and start and dots and stop):
        raise ActcalcError(f"--vary must be NAME=A..B, not {quote(text)}", "for example: --vary alpha=0..2")
    found = [known for f in fs if (known := parameter_of(f, parameter)) is not None]
    if not found:
        find_parameter(fs[0].declaration, parameter)  # says which there are
    low, high = (parse_exact(end) for end in (start, stop))
    if low >= high:
        raise ActcalcError(f"--vary {text}: the first number must be below the second")
    return Varied(found[0].name, low, high)


def _print(request: _Request, size: str | None, ascii_only: bool, quiet: bool) -> None:
    """Draw in the terminal, with lines below unless ``quiet``."""
    from actcalc.output.widths import fill
    from actcalc.plot.scene import lines_below
    from actcalc.plot.terminal import HEIGHT, best_count, has_title, render

    screen = _size(size, (20, 8), 1000) or (max(40, text_width()), HEIGHT)
    picture = request.picture(request.points(best_count(screen)))
    plain = ascii_only or not _has_braille()
    colour = _has_colour() and not plain
    print(*render(picture, screen, colour, plain), sep="\n")
    notes = lines_below(picture, option, has_title(picture, colour, plain))
    below = [part for line in notes for part in fill(line, screen[0])]
    if below and not quiet:
        print("", *below, sep="\n")


def _size(text: str | None, least: tuple[int, int], most: int) -> tuple[int, int] | None:
    """The two numbers of ``WxH``. Raises ActcalcError for a malformed text."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,5})[xX]([0-9]{1,5})", text)
    if match is None:
        raise ActcalcError(f"--size must be WxH, not {quote(text)}", "for example: --size 1600x1000")
    width, height = int(match[1]), int(match[2])
    if width < least[0] or height < least[1]:
        raise ActcalcError(f"--size {text} is too small: it must be at least {least[0]}x{least[1]}")
    if max(width, height) > most:
        raise ActcalcError(f"--size {text} is too large: it must be at most {most}x{most}")
    return width, height


def _has_braille() -> bool:
    """Whether standard output takes braille patterns, not only ASCII."""
    try:
        "\N{BRAILLE PATTERN DOTS-12345678}".encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _has_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
