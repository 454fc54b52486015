"""``actcalc list``: every activation there is."""

import sys

from actcalc.catalogue import lookup
from actcalc.cli.options import Format
from actcalc.output.formats import check_format, write
from actcalc.output.rows import one_by_one
from actcalc.teaching.facts import SUMMARY, summary


def list_(format_name: Format = "table") -> None:
    """List every activation with its aliases, parameters and formulas.

    \b
    Examples:
      actcalc list
      actcalc list --format csv | cut -d, -f1
    """
    check_format(format_name)
    write(format_name, SUMMARY, one_by_one(map(summary, lookup.declarations())), sys.stdout)
