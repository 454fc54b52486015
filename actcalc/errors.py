"""The exceptions of actcalc, and helpers for the texts of messages."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction


class Argument(NamedTuple):
    """An argument of the library, alone or with a value, that a message mentions.

    ``str`` spells it as in Python; the command line spells it as an option.
    """

    name: str
    value: str | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value!r}"


class Wording(str):
    """A text that mentions arguments; as a string it spells them as in Python."""

    parts: tuple[str | Argument, ...]

    def __new__(cls, *parts: str | Argument) -> "Wording":
        self = super().__new__(cls, "".join(map(str, parts)))
        self.parts = parts
        return self


def spell_out(text: str, spell: Callable[[Argument], str]) -> str:
    """Return ``text`` with each argument in it spelled by ``spell``."""
    if not isinstance(text, Wording):
        return text
    return "".join(part if isinstance(part, str) else spell(part) for part in text.parts)


class ActcalcError(ValueError):
    """A request that cannot be met: an unknown name, a bad number, a parameter out of its domain.

    The message is one line; ``hint``, if given, is a second line that suggests what to do. ``about`` names
    the argument or arguments that the message is about, as the library calls them; the command line spells
    them as options.
    """

    def __init__(self, message: str, hint: str = "", about: str | Sequence[str] = ()) -> None:
        super().__init__(message, hint, about)
        self.message = message
        self.hint = hint
        self.about = (about,) if isinstance(about, str) else tuple(about)

    def spell_out(self, spell: Callable[[Argument], str]) -> str:
        """The message, preceded by the arguments it is about as ``spell`` spells them."""
        subjects = " and ".join(spell(Argument(name)) for name in self.about)
        return subjects + ("" if not subjects or self.message.startswith(":") else " ") + self.message

    @property
    def line(self) -> str:
        """The message without its hint, with arguments spelled as in Python."""
        return self.spell_out(str)

    def __str__(self) -> str:
        return f"{self.line}\nhint: {self.hint}" if self.hint else self.line


class InputError(ActcalcError):
    """Data that cannot be read or written, as opposed to a request that makes no sense."""


class NotANumber(ActcalcError):
    """Text that is not a number, as opposed to a number that is not accepted."""


class UnsettledError(InputError):
    """A value at ``z`` whose rounding stays undecided within the limit on working digits.

    A user's own formula may have such values. For an activation of the catalogue it is a fault of actcalc,
    and the message asks the user to report it.
    """

    def __init__(self, message: str, z: "Fraction | float" = math.nan) -> None:
        super().__init__(message)
        self.args = (message, z)  # pickle calls the constructor with these
        self.z = z


class UnsettledWarning(RuntimeWarning):
    """Values of an array whose rounding stays undecided within the limit; they are returned as NaN."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the entry of ``known`` that is most like ``word``, or ``""``."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def join_names(names: Iterable[str], last: str = "or") -> str:
    """Join names as in a sentence: ``a, b or c``."""
    *others, end = names
    return f"{', '.join(others)} {last} {end}" if others else end


def printable(text: str) -> str:
    """Return ``text`` with every character escaped that is unsafe on a terminal or in XML."""
    # Bytes that were not UTF-8 (surrogate escapes) are shown as bytes.
    return "".join(c if c.isprintable() else ascii(c)[1:-1].replace("\\udc", "\\x") for c in text)


def first_line(error: BaseException, limit: int = 300) -> str:
    """The first line of the text of a foreign exception, safe to print.

    ``str`` of such an exception may return anything, or raise.
    """
    try:
        text = str(error).strip()
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = ""
    shown = printable((text.splitlines() or [""])[0][: limit + 1])
    return f"{shown[:limit]}..." if len(shown) > limit else shown


def told(error: BaseException) -> str:
    """The type of a foreign exception and the first line of its text."""
    kind, text = printable(type(error).__name__), first_line(error)
    return f"{kind}: {text}" if text else kind


def quote(text: str, limit: int = 60) -> str:
    """Return ``text`` in quotes as it was typed, safe to print, cut at ``limit`` characters."""
    shown = printable(text[: limit + 1])
    return f"'{shown[:limit]}...'" if len(shown) > limit or len(text) > limit else f"'{shown}'"
