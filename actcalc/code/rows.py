"""Long lists of numbers in source."""

from collections.abc import Iterable


def rows(texts: Iterable[str], width: int = 96, indent: int = 4) -> str:
    """Texts of numbers in lines of about one length, the last without a comma."""
    lines, line = [], " " * (indent - 1)
    for text in texts:
        if len(line) + len(text) + 2 > width:
            lines.append(line)
            line = " " * (indent - 1)
        line += f" {text},"
    return "\n".join([*lines, line]).rstrip(",")
