"""LaTeX and HTML output of the commands is well-formed and has the numbers of CSV."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.command import actcalc

COMMANDS = {
    "table sigmoid relu --at -40 0 1/3 inf nan": "",
    "table elu:alpha=1 elu:alpha=2 --at -1 1 --order 4 --digits 3": "",
    "table relu --at 0 1 --decimals 2": "",
    "eval tanh 1": "",
    "list": "",
    "list relu --wide": "",
    "show gelu": "",
    "show hard_tanh": "",
    "show 'z*abs(z - 1)'": "",
    "verify": "",
    "verify tanh 'z*sigmoid(c*z)' -p c=1.702": "",
    "check sigmoid --ranges": "0 0.25\n1 0.1966\n40 0\n",
    "check sigmoid --worst 2": "0 0.25\n1 0.1966\n40 0\n",
}


def output(command: str, form: str) -> str:
    words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", command)]
    done = actcalc([*words, "-f", form], COMMANDS[command])
    assert done.out
    return done.out


class Tags(HTMLParser):
    """Collects all tables as rows of cells; raises for tags that do not nest."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag in ("table", "thead", "tbody", "tr", "th", "td", "code", "p", "h2", "h3")
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data.strip()
        else:
            assert not data.strip() or {"p", "h2", "h3"} & set(self.open)


def tables_of_html(text: str) -> list[list[str]]:
    assert text.isascii()
    tags = Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags.rows


def tables_of_latex(text: str) -> list[list[str]]:
    """The rows of all tables, after checking commands, brackets and environments."""
    rows: list[list[str]] = []
    places = 0
    for line in text.splitlines():
        plain = re.sub(r"\\[\\&%$#_{}]", "", line)
        if plain.startswith("%"):
            assert line == r"% \usepackage{booktabs}"
            continue
        assert plain.count("{") == plain.count("}")
        assert plain.count("$") % 2 == 0
        outside = re.sub(r"\$[^$]*\$", "", plain)
        assert not re.search(r"[#%~^_<>|]", outside)
        if begun := re.fullmatch(r"\\begin\{tabular\}\{(.*)\}", line):
            assert places == 0
            places = len(re.sub(r"p\{[^}]*\}", "p", begun[1]))
        elif line == r"\end{tabular}":
            places = 0
        elif places and line not in (r"\toprule", r"\midrule", r"\bottomrule"):
            assert line.endswith(r" \\")
            cells = re.split(r"(?<!\\)&", line[:-3])
            assert len(cells) == places
            assert not cells[0].lstrip().startswith(("[", "*"))
            rows.append([cell.strip() for cell in cells])
        else:
            assert "&" not in plain
    assert places == 0
    return rows


@pytest.mark.parametrize("command", COMMANDS)
def test_latex_is_whole(command: str) -> None:
    assert len(tables_of_latex(output(command, "latex"))) > 1


@pytest.mark.parametrize("command", COMMANDS)
def test_html_is_whole(command: str) -> None:
    rows = tables_of_html(output(command, "html"))
    assert len(rows) > 1
    assert all(rows)


def read_number(cell: str) -> str:
    """A number in math mode as CSV writes it."""
    if cell == "NaN":
        return "nan"
    text = re.fullmatch(r"\$(.*)\$", cell)
    assert text is not None
    plain = text[1].replace(r"\infty", "inf")
    return re.sub(r" \\times 10\^\{(-?)(\d+)\}", lambda e: f"e{e[1] or '+'}{e[2]:0>2}", plain)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("table")])
def test_the_numbers_are_those_of_csv(command: str) -> None:
    _, *right = csv.reader(output(command, "csv").splitlines())
    _, *html = tables_of_html(output(command, "html"))
    _, *latex = tables_of_latex(output(command, "latex"))
    assert html == right
    assert [[read_number(cell) for cell in row] for row in latex] == right


@pytest.mark.parametrize(
    ("suffix", "beginning"), [("tex", "% \\usepackage{booktabs}\n"), ("html", "<table>\n")]
)
def test_the_suffix_of_a_file_is_enough(tmp_path: Path, suffix: str, beginning: str) -> None:
    path = tmp_path / f"tanh.{suffix}"
    assert actcalc(["table", "tanh", "-o", str(path)]).status == 0
    assert path.read_text().startswith(beginning)


def test_signs_that_a_language_would_read() -> None:
    """Special characters of formulas that cannot be typeset, and of notes, are escaped."""
    done = actcalc(["show", "z*(1 if z>0 and z<2 else 0)", "-f", "html"])
    assert "z &gt; 0" in done.out or "z&gt;0" in done.out
    assert tables_of_html(done.out)
    note = actcalc(["table", "gelu", "--at", "0", "-f", "latex"]).out.splitlines()[-1]
    assert r"gelu\_tanh" in note
    # Two hyphens would be a dash.
    assert "-{}-at-kink least" in actcalc(["table", "relu", "--at", "0", "-f", "latex"]).out
