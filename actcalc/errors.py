"""One family of exceptions, and texts of messages."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction


class Argument(NamedTuple):
    """An argument of the library that a text names, alone or with a value.

    As text it is spelled as in Python; the command line spells it as an option.
    """

    name: str
    value: str | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value!r}"


class Wording(str):
    """A text that names arguments, which it spells as in Python."""

    parts: tuple[str | Argument, ...]

    def __new__(cls, *parts: str | Argument) -> "Wording":
        self = super().__new__(cls, "".join(map(str, parts)))
        self.parts = parts
        return self


def spell_out(text: str, spell: Callable[[Argument], str]) -> str:
    """``text`` with the arguments that it names spelled so."""
    if not isinstance(text, Wording):
        return text
    return "".join(part if isinstance(part, str) else spell(part) for part in text.parts)


class ActcalcError(ValueError):
    """A request that cannot be met: an unknown name, a bad number, a parameter out of its domain.

    The message is one line; ``hint``, where there is one, is a second line that helps. ``about`` is what
    the message is about, where that has a name of its own: an argument as the library calls it, which the
    command line spells as an option.
    """

    def __init__(self, message: str, hint: str = "", about: str | Sequence[str] = ()) -> None:
        super().__init__(message, hint, about)
        self.message = message
        self.hint = hint
        self.about = (about,) if isinstance(about, str) else tuple(about)

    def spell_out(self, spell: Callable[[Argument], str]) -> str:
        """The message after its subjects, which are spelled so."""
        subjects = " and ".join(spell(Argument(name)) for name in self.about)
        return subjects + ("" if not subjects or self.message.startswith(":") else " ") + self.message

    @property
    def line(self) -> str:
        """The message alone, which spells arguments as in Python."""
        return self.spell_out(str)

    def __str__(self) -> str:
        return f"{self.line}\nhint: {self.hint}" if self.hint else self.line


class InputError(ActcalcError):
    """Data that cannot be read or written, as against a request that makes no sense."""


class NotANumber(ActcalcError):
    """Text that stands for no number, as against a number that cannot be taken."""


class UnsettledError(InputError):
    """A value at ``z`` that no digits within a limit settle, as a formula of people's own may have.

    For an activation of the catalogue actcalc has not kept its promise; the message asks to report it.
    """

    def __init__(self, message: str, z: "Fraction | float" = math.nan) -> None:
        super().__init__(message)
        self.args = (message, z)  # what it is pickled as
        self.z = z


class UnsettledWarning(RuntimeWarning):
    """Values of an array that no digits within a limit settle, for which NaN stands."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the entry of ``known`` nearest to ``word``, or ``""``."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def join_names(names: Iterable[str], last: str = "or") -> str:
    """Names as a sentence has them: ``a, b or c``."""
    *others, end = names
    return f"{', '.join(others)} {last} {end}" if others else end


def printable(text: str) -> str:
    """``text`` that can be printed on a terminal and stand in XML, with the rest of it escaped."""
    # Bytes that were not UTF-8 are told as bytes.
    return "".join(c if c.isprintable() else ascii(c)[1:-1].replace("\\udc", "\\x") for c in text)


def first_line(error: BaseException, limit: int = 300) -> str:
    """The first line of what somebody's error says, safe to print: its text may be anything, or raise."""
    try:
        text = str(error).strip()
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = ""
    shown = printable((text.splitlines() or [""])[0][: limit + 1])
    return f"{shown[:limit]}..." if len(shown) > limit else shown


def told(error: BaseException) -> str:
    """The type of somebody's error, and the first line of what it says."""
    kind, text = printable(type(error).__name__), first_line(error)
    return f"{kind}: {text}" if text else kind


def quote(text: str, limit: int = 60) -> str:
    """``text`` between quotes as it was typed, safe to print, and cut at ``limit`` characters."""
    shown = printable(text[: limit + 1])
    return f"'{shown[:limit]}...'" if len(shown) > limit or len(text) > limit else f"'{shown}'"
