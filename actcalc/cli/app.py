"""The program: its commands, and how errors are reported."""

import contextlib
import errno
import importlib
import os
import sys
from typing import Annotated, Any

import typer
from typer._click import exceptions as click
from typer.main import get_command

from actcalc.cli.command import Command, is_negative_formula, is_number, unmark
from actcalc.cli.notes import option, tell
from actcalc.errors import ActcalcError, InputError, first_line, quote, spell_out

COMMANDS = {
    "eval": "actcalc.cli.eval:eval_",
    "deriv": "actcalc.cli.deriv:deriv",
    "table": "actcalc.cli.table:table",
    "verify": "actcalc.cli.verify:verify",
    "check": "actcalc.cli.check:check",
    "audit": "actcalc.cli.audit:audit",
    "list": "actcalc.cli.list:list_",
    "show": "actcalc.cli.show:show",
    "plot": "actcalc.cli.plot:plot",
    "code": "actcalc.cli.code:code",
    "help": "actcalc.cli.help:help_",
}
"""Every command, and its function."""

HELP = """Activation functions g(z) and their slopes g'(z), every printed digit right.

\b
Examples:
  actcalc deriv tanh 0                      g'(0) of tanh
  actcalc deriv sigmoid -10 0 10            three slopes
  actcalc tanh                              short for: actcalc show tanh
  actcalc tanh 0                            short for: table tanh --at 0
  actcalc table sigmoid --from -10 --to 10  z, g(z) and g'(z)
  seq -3 3 | actcalc eval relu              a filter
  actcalc code gelu                         g and g' as source in C
  actcalc list                              all activations
  actcalc help rounding                     documentation, a page per topic
"""


def _version(wanted: bool) -> None:
    if wanted:
        from actcalc._version import __version__

        print(f"actcalc {__version__}")
        raise typer.Exit


def _main(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", help="Show the version and exit.", is_eager=True, callback=_version),
    ] = False,
) -> None: ...


def application(called: str | None = None) -> typer.Typer:
    """The Typer application, with all commands or, to start faster, only with the one called."""
    if called is None:
        from actcalc.cli.completion import prepare

        prepare()
    app = typer.Typer(
        name="actcalc",
        help=HELP,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        # Building the options that install completion takes time.
        add_completion=called is None,
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=_main,
        no_args_is_help=True,
    )
    for name, place in COMMANDS.items():
        if called in (None, name):
            module, function = place.split(":")
            body = getattr(importlib.import_module(module), function)
            # A short help that is given is not cut in the list of commands.
            summary = (body.__doc__ or "").partition("\n")[0]
            app.command(name, cls=Command, short_help=summary)(body)
    return app


def main(arguments: list[str]) -> int:
    """Run the command line ``arguments`` and return the exit status.

    0 is success, 1 a check that failed or data that could not be read or written, 2 a request that
    makes no sense. An interrupt ends the process by its signal, which a shell calls 130.
    """
    called = _called(arguments)
    try:
        if sys.stdout is None:
            raise InputError("standard output is closed")
        if sys.stderr is None:
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        if called is None:
            arguments = _in_full(arguments)
            if "-completion" in arguments[0]:
                from actcalc.cli.completion import choose_shell

                arguments = choose_shell(arguments)
            called = _called(arguments)
        # What the locale's encoding lacks is escaped.
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        status = application(called)(arguments, prog_name="actcalc", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        return _report(*_plain(error, arguments), 2)
    except ActcalcError as error:
        status = 1 if isinstance(error, InputError) else 2
        return _report(error.spell_out(option), spell_out(error.hint, option), status)
    except OSError as error:
        return _report(_refused(error), "", 1)
    except MemoryError:
        return _report("not enough memory", "", 1)


def _called(arguments: list[str]) -> str | None:
    """The command that a line begins with; None if it begins with none, or asks for help in general."""
    return None if arguments[:1] in ([], ["help"]) or arguments[0] not in COMMANDS else arguments[0]


def _in_full(arguments: list[str]) -> list[str]:
    """A line without a command, completed to one that has a command or asks for help.

    Raises ActcalcError if the first word is not known.
    """
    if arguments[:1] == ["help"]:
        from actcalc.cli.help import pages
        from actcalc.cli.shorthand import is_activation

        topics = [word for word in arguments[1:] if not word.startswith("-")]
        if len(topics) == 1 and topics[0] in COMMANDS:
            return [*topics, "--help"]
        is_about_one = len(topics) == 1 and topics[0] not in pages() and is_activation(topics[0])
        return ["show", *topics] if is_about_one else arguments
    if not arguments:
        return ["--help"]
    first = arguments[0]
    if first.startswith("-") and not (is_number(first) or is_negative_formula(first, _ALONE)):
        return arguments
    from actcalc.cli.shorthand import with_command

    return with_command(arguments, COMMANDS, _options_of)


_ALONE = ("-V", "-h", "--version", "--help")


def _options_of(name: str) -> dict[str, bool]:
    """The options of a command, and whether each takes a value."""
    group: Any = get_command(application(name))
    params = group.commands[name].params
    return {option: not getattr(p, "is_flag", True) for p in params for option in p.opts}


_OF_WRITING = ("ENOSPC", "EFBIG", "EDQUOT", "EIO", "EPIPE", "EBADF", "EAGAIN", "EINVAL", "ENXIO", "EPERM")
"""Errors of writing to a file that is open."""


def _refused(error: OSError) -> str:
    """The message for an error of the system. Only standard output has no name."""
    reason = error.strerror or first_line(error)
    if error.filename is not None:
        return f"cannot use {quote(str(error.filename), 4096)}: {reason}"
    if errno.errorcode.get(error.errno or 0) in _OF_WRITING:
        return f"cannot write standard output: {reason}"
    return "the current directory no longer exists" if error.errno == errno.ENOENT else reason


def _report(message: str, hint: str, status: int) -> int:
    """Print the message on standard error, then the hint if there is one, after the results so far."""
    tell(f"actcalc: {message}", *([f"hint: {hint}"] if hint else []))
    if sys.stdout is not None:
        # A flush that fails now must not be tried again at exit.
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            return status
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _plain(error: click.ClickException, arguments: list[str]) -> tuple[str, str]:
    """A message and a hint for a command line that Typer refuses."""
    if isinstance(error, click.NoSuchOption):
        near = _meant(error, arguments) or _nearest(error)
        return (
            f"no such option {_bare(unmark(error.option_name))}",
            f"did you mean {near}?" if near else _see(error),
        )
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"missing argument {error.param.human_readable_name}", _see(error)
    text = unmark(error.format_message()).rstrip(".")
    return text[:1].lower() + text[1:], _see(error)


_ELSEWHERE = {
    **{f"--{name}": f"--format {name}" for name in ("csv", "tsv", "json", "jsonl", "markdown", "npy")},
    **{f"--{name}": f"--format {name}" for name in ("latex", "html")},
    "--start": "--from",
    **dict.fromkeys(("--end", "--stop"), "--to"),
    "--round": "--decimals",
    "--precision": "--digits",
}
"""Options by their names in other programs, and their names here."""


def _meant(error: click.NoSuchOption, arguments: list[str]) -> str:
    """Suggest the option that was probably meant: one of another program, or a parameter."""
    options = {option for param in error.ctx.command.params for option in param.opts} if error.ctx else set()
    there = _ELSEWHERE.get(error.option_name, "")
    if there.split(" ")[0] in options:
        return there
    from actcalc.catalogue.lookup import declarations

    word = error.option_name.lstrip("-").replace("-", "_")
    if "-p" in options and any(word in (p.name, *p.aliases) for d in declarations() for p in d.parameters):
        after = arguments[arguments.index(error.option_name) + 1 :] if error.option_name in arguments else []
        return f"-p {word}={_bare(after[0]) if after else 'VALUE'}"
    return ""


def _nearest(error: click.NoSuchOption) -> str:
    """The known option most similar to an unknown one, apart from dashes."""
    from difflib import get_close_matches

    known = {option.lstrip("-"): option for option in error.possibilities or ()}
    return next((known[near] for near in get_close_matches(error.option_name.lstrip("-"), known)), "")


def _bare(word: str) -> str:
    """``word`` escaped and cut as ``quote`` does, but without quotes."""
    return quote(word)[1:-1]


def _see(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"see: {context.command_path} --help" if context is not None else ""
