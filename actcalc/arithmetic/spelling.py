"""The spelling of formulas as people type them: their tokens, and the name of the variable."""

import re
from collections.abc import Container, Sequence
from itertools import pairwise
from typing import NamedTuple

from actcalc.errors import ActcalcError, Argument, Wording, join_names, quote

LONGEST = 2000
"""The most characters of a formula."""

_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d", "-"),
        **dict.fromkeys("\u00b7\u22c5\u2219\u2022\u00d7\u2217", "*"),
        **dict.fromkeys("\u00f7\u2215\u2044", "/"),
        "\u2264": "<=",
        "\u2265": ">=",
        "\u2260": "!=",
        "\u00b2": "**2",
        "\u00b3": "**3",
    }
)
"""ASCII for the typographic signs of web pages and word processors."""
_NAMES = {"\u03c3": "sigmoid", "\u03c0": "pi", "\u03a6": "Phi", "\u03c6": "phi", "\u03d5": "phi"}
_WORD = re.compile(
    r"\s*(?:"
    r"(?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|"
    r"(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)|"
    r"(?P<sign>\*\*|[<>=!]=|[-+*/^<>=(),])|"
    r"(?P<end>$)|"
    r"(?P<other>.))",
    re.DOTALL,
)
VARIABLES = ("x", "t", "X", "Z")
"""Names that stand for z if z does not occur."""
_TAKEN = ("a", "s", "y")
"""Names that textbooks use for a value of g, not for its argument."""
_MENTIONS = re.compile(rf"(?<![^\W\d])(?<!\.)(?:z|{'|'.join((*VARIABLES, *_TAKEN))})(?!\w)")
_PARTS_OF_A_NAME = re.compile(r"[^\W\d][\w.]*(-[^\W\d]\w+)*(\(\))?")


class Word(NamedTuple):
    """A token of a formula (a number, a name, a sign or the end) and its place in the text."""

    kind: str
    text: str
    place: int

    @property
    def end(self) -> int:
        return self.place + len(self.text)


class Typed(NamedTuple):
    """A formula in ASCII with z for its variable, and as it was typed."""

    text: str
    variable: str
    """The name that z had."""
    typed: str
    places: Sequence[int]
    """For each place in ``text``, its end included, the place in ``typed`` that it comes from."""

    @classmethod
    def plain(cls, text: str) -> "Typed":
        """A formula that is typed in ASCII, with z for its variable."""
        return cls(text, "z", text, range(len(text) + 1))

    def typed_from(self, place: int) -> str:
        """The typed characters from a place in ``text`` on."""
        return self.typed[self.places[place] :]


def is_formula(text: str) -> bool:
    """Whether a text that is not the name of an activation looks like a formula.

    It does if it mentions z or contains operators; a single word is a name, unless it is z itself.
    """
    text = text.strip()[: LONGEST + 1].translate(_CHARACTERS)
    if text == "z" or text in _NAMES:
        return text == "z"
    if _PARTS_OF_A_NAME.fullmatch(text):
        return bool(re.search(r"-z\b|\bz-", text))
    return bool(_MENTIONS.search(text) or re.search(r"[*/^+]", text))


def words_of(text: str) -> list[Word]:
    """The tokens of a formula, including its end."""
    found = []
    place = 0
    while True:
        match = _WORD.match(text, place)
        assert match is not None  # any character is a token
        kind = match.lastgroup or ""
        found.append(Word(kind, match[kind], match.start(kind)))
        if kind == "end":
            return found
        place = match.end()


def spell(text: str, given: Container[str]) -> Typed:
    """Rewrite a formula in ASCII with z for its variable; names that are ``given`` are parameters.

    Raises ActcalcError if it is too long, or has two variables.
    """
    if len(text) > LONGEST:
        raise ActcalcError(f"a formula has at most {LONGEST} characters, not {len(text)}")
    typed = re.sub(r"\s", " ", text).strip()
    text = typed.translate(_CHARACTERS)
    places = [i for i, character in enumerate(typed) for _ in character.translate(_CHARACTERS)]
    words = words_of(text)
    # A name before a bracket is a function, and a name before = is a parameter.
    names = {word.text for word, after in pairwise(words) if after.text not in ("(", "=")}
    variables = [name for name in VARIABLES if name in names and name not in given]
    variable = "z"
    if "z" not in names and variables:
        variable = variables[0]
        if len(variables) > 1:
            raise ActcalcError(
                f"formula {quote(typed)}: {variables[0]} and {variables[1]} cannot both be the variable",
                f"write z for it, and give the other a value: -p {variables[1]}=1",
            )
    spelled, sources, place = "", list[int](), 0
    for word, after in pairwise(words):
        if word.kind == "name" and word.text in _NAMES:
            other = _NAMES[word.text]
        elif word.text == variable and after.text not in ("(", "="):
            other = "z"
        else:
            continue
        spelled += text[place : word.place] + other
        sources += [*places[place : word.place], *[places[word.place]] * len(other)]
        place = word.end
    return Typed(spelled + text[place:], variable, typed, [*sources, *places[place:], len(typed)])


def explain_names(names: Sequence[str], text: str, has_variable: bool) -> tuple[str, str]:
    """A message and a hint for names in a formula that have no value."""
    name = names[0]
    if len(names) == 1 and name in _TAKEN and not has_variable:
        g = "tanh" if re.search(rf"1\s*-\s*{name}\s*(\*\*|\^)\s*2", text) else "sigmoid"
        written = re.sub(rf"(?<!\w){name}(?!\w)", f"{g}(z)", text)
        return f"{quote(name)} is g(z)", Wording(
            f"write {written}, or give values of a with ", Argument("given_a")
        )
    have = "has" if len(names) == 1 else "have"
    reason = ", as z is the variable" if name in VARIABLES and has_variable else ""
    settings = " ".join(f"-p {name}=1" for name in names)
    otherwise = "" if has_variable else ", or write z for the variable"
    return (
        f"{join_names(map(quote, names), 'and')} {have} no value{reason}",
        f"give values: {settings}{otherwise}",
    )
