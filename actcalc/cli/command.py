"""A Typer command whose arguments may be negative numbers."""

import re
from typing import Any

from typer.core import TyperCommand

from actcalc.errors import ActcalcError, quoted

# -10, -.5, -1e-3, -0x1p3, -1,5 (whose error is a better one), -inf, -nan: numbers, not options.
_NEGATIVE = re.compile(r"-(?:\.?\d.*|inf|infinity|nan)", re.IGNORECASE | re.DOTALL)
_MARK = "\0"  # no argument of a process can hold it


def unmark(text: str) -> str:
    """``text`` as it was on the command line."""
    return text.replace(_MARK, "")


class Command(TyperCommand):
    """Takes words that look like negative numbers as they are, wherever they stand."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        marked = [_MARK + word if _NEGATIVE.fullmatch(word) else word for word in args[:end]]
        ctx.allow_extra_args = True  # they are refused here
        rest = super().parse_args(ctx, marked + args[end:])
        if rest and not ctx.resilient_parsing:
            raise ActcalcError(
                f"unexpected argument {quoted(unmark(rest[0]))}", f"see: {ctx.command_path} --help"
            )
        for name, value in ctx.params.items():
            if isinstance(value, str):
                ctx.params[name] = unmark(value)
            elif isinstance(value, list | tuple):
                ctx.params[name] = [unmark(v) if isinstance(v, str) else v for v in value]
        return rest
