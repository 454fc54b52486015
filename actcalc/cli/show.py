"""``actcalc show``: all that is known about one activation."""

import sys
from typing import Annotated

from actcalc.activations.declaration import MOST_DIGITS
from actcalc.cli.notes import option
from actcalc.cli.options import Format, Name, Param, flag, offer, value
from actcalc.cli.requests import activations, text_width
from actcalc.numbers.floats import FORMATS, float_format
from actcalc.output.formats import check_format, write
from actcalc.teaching.facts import FEW_DIGITS, page

_WIDEST = 100
"""Longer lines are hard to read."""
_WIDEST_ASKED = 160


def show(
    name: Name,
    param: Param = None,
    dtype: Annotated[
        str | None,
        value(
            "FORMAT",
            "Show where the textbook slope loses digits in a float format, and what to write instead.",
            "--dtype",
            complete=offer(FORMATS),
        ),
    ] = None,
    wide: Annotated[bool, flag("Print 45 digits instead of 17, in lines of up to 160.", "--wide")] = False,
    format_name: Format = "table",
) -> None:
    """Show all that is known about one activation.

    \b
    Examples:
      actcalc show leaky_relu
      actcalc show hard_sigmoid -p slope=0.2
      actcalc show gelu --format json
      actcalc show 'z*tanh(exp(z))'
      actcalc show sigmoid --dtype float32
    """
    check_format(format_name)
    (f,) = activations([name], param)
    digits, widest = (MOST_DIGITS, _WIDEST_ASKED) if wide else (FEW_DIGITS, _WIDEST)
    if dtype is None:
        document = page(f, option, digits)
    else:
        from actcalc.teaching import diagnosis  # which needs arrays

        document = diagnosis.page(f, float_format(dtype))
    write(format_name, document, sys.stdout, min(text_width(), widest))
