"""``actcalc show``: all there is to know about one activation."""

import sys

from actcalc.cli.notes import option
from actcalc.cli.options import Format, Name, Param
from actcalc.cli.requests import activations, text_width
from actcalc.output.formats import check_format, write
from actcalc.teaching.facts import page

_WIDEST = 100
"""Longer lines are hard to read."""


def show(name: Name, param: Param = None, format_name: Format = "table") -> None:
    """Show all there is to know about one activation.

    \b
    Examples:
      actcalc show leaky_relu
      actcalc show hard_sigmoid -p slope=0.2
      actcalc show gelu --format json
      actcalc show 'z*tanh(exp(z))'
    """
    check_format(format_name)
    (f,) = activations([name], param)
    write(format_name, page(f, option), sys.stdout, min(text_width(), _WIDEST))
