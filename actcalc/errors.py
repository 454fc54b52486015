"""What can go wrong, as one family of exceptions."""

from collections.abc import Iterable


class ActcalcError(ValueError):
    """A request that cannot be met: an unknown name, a bad number, a parameter out of its domain.

    The message is one line; ``hint``, where there is one, is a second line that helps.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(ActcalcError):
    """Data that cannot be read or written, as against a request that makes no sense."""


class InternalError(ActcalcError):
    """actcalc could not keep its own promise; the message names the input that shows it."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the entry of ``known`` nearest to ``word``, or ``""``."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]}?" if near else ""


def quoted(text: str, limit: int = 60) -> str:
    """``text`` between quotes, safe to print on a terminal: escaped, and cut at ``limit`` characters."""
    shown = ascii(text[: limit + 1])[1:-1].replace("\\udc", "\\x")  # bytes that were not UTF-8
    return f"'{shown[:limit]}...'" if len(shown) > limit or len(text) > limit else f"'{shown}'"
