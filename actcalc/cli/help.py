"""``actcalc help``: the commands, and pages about topics, which lie in the package."""

import re
from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from textwrap import fill
from typing import Annotated

import typer

from actcalc.cli.options import argument
from actcalc.cli.requests import text_width
from actcalc.cli.shorthand import unknown


@cache
def pages() -> Mapping[str, str]:
    """The pages of the documentation by topic, in Markdown."""
    found = {file.name: file for file in files("actcalc").joinpath("docs").iterdir()}
    names = sorted(name for name in found if name.endswith(".md"))
    return {name.removesuffix(".md"): found[name].read_text(encoding="utf-8") for name in names}


def _complete(incomplete: str) -> list[str]:
    return [topic for topic in pages() if topic.startswith(incomplete)]


def help_(
    ctx: typer.Context,
    topic: Annotated[
        str | None, argument("[TOPIC]", "A topic, a command or an activation.", _complete)
    ] = None,
) -> None:
    """Show a page of the documentation, or list commands and topics.

    \b
    Examples:
      actcalc help
      actcalc help rounding
      actcalc help table
    """
    assert ctx.parent is not None  # the program itself
    if topic is None:
        print(ctx.parent.get_help(), "", "Topics:", sep="\n")
        widest = max(map(len, pages()))
        for name, page in pages().items():
            print(f"  {name:<{widest}}  {page.splitlines()[0].removeprefix('# ')}")
        return
    known = topic.lower().removesuffix(".md")
    if known not in pages():
        commands: list[str] = ctx.parent.command.list_commands(ctx.parent)  # type: ignore[attr-defined]
        raise unknown(topic, commands, pages())
    print(as_text(pages()[known], min(text_width(), 80)), end="")


def as_text(page: str, width: int = 80) -> str:
    """A page for a terminal: no pictures, no fences, and each link as the command to type."""
    blocks = re.split(r"^```\w*\n(.*?)^```\n", page, flags=re.DOTALL | re.MULTILINE)
    return "".join(_prose(block, width) if k % 2 == 0 else _indented(block) for k, block in enumerate(blocks))


def _prose(text: str, width: int) -> str:
    text = re.sub(r"^(<!--.*-->\n|!\[[^\]]*\]\([^)]*\)\n\n?)", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^\]]+)\]\((\w+)\.md\)", r"\1 (actcalc help \2)", text)
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    # Headings and rows of tables stay as they are; an item of a list is a paragraph.
    return re.sub(r"^(- )?[^\s|#-].*(\n(?!- )[^|#\n].*)*", partial(_filled, width), text, flags=re.MULTILINE)


def _filled(width: int, paragraph: re.Match[str]) -> str:
    words = " ".join(paragraph[0].split())
    indent = "  " if paragraph[1] else ""
    return fill(words, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _indented(text: str) -> str:
    return re.sub(r"^(?=.)", "    ", text, flags=re.MULTILINE)
