"""A Typer command whose arguments may begin with a minus."""

import re
from collections.abc import Collection
from typing import Any

from typer.core import TyperCommand

from actcalc.errors import ActcalcError, quote

# -10, -.5, -1e-3, -0x1p3, -1,5 (whose error is a better one), -inf, -nan: numbers, not options.
_NEGATIVE = re.compile(r"-(?:\.?\d.*|inf|infinity|nan)", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(
    r"[-+\u2212]?(?:0x[\da-f.]+(?:p[-+]?\d*)?|\.?\d(?:[\d.,_/]|e[-+]?(?=\d))*|inf|infinity|nan)",
    re.IGNORECASE,
)
_MARK = "\0"  # no argument of a process can hold it


def unmark(text: str) -> str:
    """``text`` as it was on the command line."""
    return text.replace(_MARK, "")


def is_number(word: str) -> bool:
    """Whether a word is meant as a number, not as an option, a name or a formula."""
    return _NUMBER.fullmatch(word) is not None


def is_negative_formula(word: str, options: Collection[str]) -> bool:
    """Whether a word that begins with a minus is a formula, not one of the ``options``.

    Raises ActcalcError for a formula that begins like a short option.
    """
    if word[:2] in ("-", "--") or word in options or (len(word) == 2 and word != "-z"):
        return False
    from actcalc.arithmetic.spelling import is_formula

    if not is_formula(word):
        return False
    if word[:2] not in options:
        return True
    if "=" in word or not re.match(r"-[a-np-z](\W|\w*\()", word):
        return False
    raise ActcalcError(
        f"{quote(word)} begins with the option {word[:2]}",
        f"if it is a formula, put -- before it: -- {quote(word)}",
    )


def _one_each(words: list[str]) -> list[str]:
    """The words with ``--at`` before every number of a list that follows ``--at``."""
    found: list[str] = []
    goes_on = False
    for before, word in zip(["", *words], words, strict=False):
        if goes_on and before != "--at":
            goes_on = is_number(word)
            found += ["--at"] if goes_on else []
        goes_on = goes_on or word == "--at" or word.startswith("--at=")
        found.append(word)
    return found


class Command(TyperCommand):
    """A command that takes negative numbers and formulas anywhere, and many numbers after --at."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        takes_points = any("--at" in param.opts for param in self.params)
        words = _one_each(args[:end]) if takes_points else args[:end]
        options = {option for param in self.params for option in param.opts}
        marked = [
            _MARK + word
            if word[:1] == "-" and (_NEGATIVE.fullmatch(word) or is_negative_formula(word, options))
            else word
            for word in words
        ]
        ctx.allow_extra_args = True  # they are refused here
        if ctx.resilient_parsing and marked and marked[-1].startswith("-"):
            del marked[-1]  # an option whose value is being completed would hide the rest
        rest = super().parse_args(ctx, marked + args[end:])
        if rest and not ctx.resilient_parsing:
            raise ActcalcError(
                f"unexpected argument {quote(unmark(rest[0]))}", f"see: {ctx.command_path} --help"
            )
        for name, value in ctx.params.items():
            if isinstance(value, str):
                ctx.params[name] = unmark(value)
            elif isinstance(value, list | tuple):
                ctx.params[name] = [unmark(v) if isinstance(v, str) else v for v in value]
        return rest

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and the options; many options come under headings."""
        from actcalc.cli.headings import FEW, HEADINGS, heading_of  # for help alone

        options = {
            max(param.opts, key=len): param for param in self.get_params(ctx) if param.opts[0][:1] == "-"
        }
        if len(options) <= FEW:
            super().format_options(ctx, formatter)
            return
        arguments = [param for param in self.get_params(ctx) if param not in options.values()]
        sections: dict[str, list[Any]] = {"Arguments": arguments, **{heading: [] for heading in HEADINGS}}
        for option in sorted(options, key=lambda option: heading_of(str(self.name), option)[1]):
            sections[heading_of(str(self.name), option)[0]].append(options[option])
        for heading, params in sections.items():
            if params:
                with formatter.section(heading):
                    formatter.write_dl([param.get_help_record(ctx) for param in params])
