"""A document in each format, without the command line; the expected texts are written by hand."""

import io
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest

from actcalc.errors import InputError
from actcalc.numbers.float_texts import FloatArray
from actcalc.numbers.floats import FLOAT64
from actcalc.output.documents import Document, fact_sheet
from actcalc.output.formats import TEXT_FORMATS, write
from actcalc.output.pages import Fact, Heading, Line, Lines, Part, Section
from actcalc.output.rows import Block, Column, FormulaText, Row, Table, UnsettledCell, one_by_one

COLUMNS = [
    Column("name", may_be_cut=True),
    Column("dg", "g'(z)"),
    Column("z", kind="number"),
    Column("x", "x exactly", kind="digits"),
    Column("passed", "holds", kind="bool"),
]


def rows() -> Document:
    cells: list[Row] = [
        ["a, b", FormulaText("2*z"), "-1.0", "0.5", "true"],
        ['say "c"', FormulaText("|z|**2"), "nan", "12", "false"],
        ["*", None, UnsettledCell("nan"), "1.25e-7", None],
    ]
    return Document(Table(COLUMNS, one_by_one(cells)), lambda: ["note: 2*z at z = 1", "another"])


def page() -> Document:
    facts = [
        Fact("name", "", "Function", "twice"),
        Fact("g", "g(z)", "Function", FormulaText("2*z")),
        Fact("limits", "", "Shape", ["z -> -inf: -inf", "z -> inf: inf"], {"inf": float("inf")}),
        Fact("parity", "", "Shape", "odd", None),
        Fact("source", "", "Origin", ""),
        Fact("aliases", "", "Function", "double, two", ["double", "two"]),
    ]
    return fact_sheet("twice: g(z) = 2*z", facts, ["Shape", "Function", "Origin"])


ROWS = {
    "csv": """\
name,dg,z,x,passed
"a, b",2*z,-1.0,0.5,true
"say ""c""\",|z|**2,nan,12,false
*,,nan,1.25e-7,
""",
    "tsv": """\
name\tdg\tz\tx\tpassed
a, b\t2*z\t-1.0\t0.5\ttrue
"say ""c""\"\t|z|**2\tnan\t12\tfalse
*\t\tnan\t1.25e-7\t
""",
    "json": """\
[
{"name": "a, b", "dg": "2*z", "z": -1.0, "x": "0.5", "passed": true},
{"name": "say \\"c\\"", "dg": "|z|**2", "z": "NaN", "x": "12", "passed": false},
{"name": "*", "dg": null, "z": null, "x": "1.25e-7", "passed": null}
]
""",
    "jsonl": """\
{"name": "a, b", "dg": "2*z", "z": -1.0, "x": "0.5", "passed": true}
{"name": "say \\"c\\"", "dg": "|z|**2", "z": "NaN", "x": "12", "passed": false}
{"name": "*", "dg": null, "z": null, "x": "1.25e-7", "passed": null}
""",
    "table": """\
name     g'(z)       z    x exactly  holds
-------  -------  ----  -----------  -------
a, b     2*z      -1.0      0.5      yes
say "c"  |z|**2    nan     12        NO
*                  nan      1.25e-7

note: 2*z at z = 1
another
""",
    "markdown": """\
| name    | g'(z)      |    z | x exactly   | holds   |
|---------|------------|------|-------------|---------|
| a, b    | `2*z`      | -1.0 | 0.5         | yes     |
| say "c" | `\\|z\\|**2` |  nan | 12          | NO      |
| \\*      |            |  nan | 1.25e-7     |         |

note: 2\\*z at z = 1

another
""",
    "latex": r"""% \usepackage{booktabs}
\begin{tabular}{p{0.7\linewidth}lrrl}
\toprule
name      & $g'(z)$               &    $z$ &             x exactly & holds   \\
\midrule
a, b      & $2\,z$                & $-1.0$ &                   $0.5$ & yes     \\
say ''c'' & \texttt{\textbar{}z\textbar{}**2} &    NaN &                    $12$ & NO      \\
{*}       &                       &    NaN & $1.25 \times 10^{-7}$ &         \\
\bottomrule
\end{tabular}

note: 2*z at z = 1

another
""",
    "html": """\
<table>
<thead>
<tr><th>name</th><th>g&#x27;(z)</th><th style="text-align: right;">z</th>\
<th style="text-align: right;">x exactly</th><th>holds</th></tr>
</thead>
<tbody>
<tr><td>a, b</td><td><code>2*z</code></td><td style="text-align: right;">-1.0</td>\
<td style="text-align: right;">0.5</td><td>yes</td></tr>
<tr><td>say &quot;c&quot;</td><td><code>|z|**2</code></td><td style="text-align: right;">nan</td>\
<td style="text-align: right;">12</td><td>NO</td></tr>
<tr><td>*</td><td></td><td style="text-align: right;">nan</td>\
<td style="text-align: right;">1.25e-7</td><td></td></tr>
</tbody>
</table>

<p>note: 2*z at z = 1</p>

<p>another</p>
""",
}

PAGE = {
    "csv": """\
name,g,limits,parity,source,aliases
twice,2*z,z -> -inf: -inf; z -> inf: inf,odd,,"double, two"
""",
    "tsv": """\
name\tg\tlimits\tparity\tsource\taliases
twice\t2*z\tz -> -inf: -inf; z -> inf: inf\todd\t\tdouble, two
""",
    "json": """\
{
  "name": "twice",
  "g": "2*z",
  "limits": {
    "inf": "Infinity"
  },
  "parity": null,
  "source": "",
  "aliases": [
    "double",
    "two"
  ]
}
""",
    "jsonl": (
        '{"name": "twice", "g": "2*z", "limits": {"inf": "Infinity"}, "parity": null, "source": "",'
        ' "aliases": ["double", "two"]}\n'
    ),
    "table": """\
twice: g(z) = 2*z
-----------------

Shape
limits      z -> -inf: -inf
            z -> inf: inf
parity      odd

Function
name        twice
g(z)        2*z
aliases     double, two
""",
    "markdown": """\
| fact    | value           |
|---------|-----------------|
| name    | twice           |
| g(z)    | `2*z`           |
| limits  | z -> -inf: -inf |
|         | z -> inf: inf   |
| parity  | odd             |
| aliases | double, two     |
""",
    "latex": r"""% \usepackage{booktabs}
\begin{tabular}{lp{0.7\linewidth}}
\toprule
fact & value \\
\midrule
name & twice \\
g(z) & $2\,z$ \\
limits & z $\to$ -inf: -inf \\
 & z $\to$ inf: inf \\
parity & odd \\
aliases & double, two \\
\bottomrule
\end{tabular}
""",
    "html": """\
<table>
<thead>
<tr><th>fact</th><th>value</th></tr>
</thead>
<tbody>
<tr><td>name</td><td>twice</td></tr>
<tr><td>g(z)</td><td><code>2*z</code></td></tr>
<tr><td>limits</td><td>z -&gt; -inf: -inf</td></tr>
<tr><td></td><td>z -&gt; inf: inf</td></tr>
<tr><td>parity</td><td>odd</td></tr>
<tr><td>aliases</td><td>double, two</td></tr>
</tbody>
</table>
""",
}


def written(form: str, document: Document, width: int | None = None) -> str:
    out = io.StringIO()
    write(form, document, out, width)
    return out.getvalue()


def laid_out(text: str) -> str:
    """The text without the spaces that align columns in markup source."""
    return re.sub(r" *(&(?!\w+;|#)|\\\\$|</?t[hd]\b[^>]*>) *", r"\1", text, flags=re.MULTILINE)


def same(form: str, text: str, expected: str) -> bool:
    return laid_out(text) == laid_out(expected) if form in ("latex", "html") else text == expected


@pytest.mark.parametrize("form", TEXT_FORMATS)
def test_rows(form: str) -> None:
    assert same(form, written(form, rows()), ROWS[form])


@pytest.mark.parametrize("form", TEXT_FORMATS)
def test_a_page(form: str) -> None:
    assert same(form, written(form, page()), PAGE[form])


def test_results_alone() -> None:
    table = Table([Column("g"), Column("g_hex")], one_by_one([["1.0", "0x1p+0"], ["nan", "nan"]]))
    assert written("lines", Document(table)) == "1.0\t0x1p+0\nnan\tnan\n"


def test_a_list_of_objects() -> None:
    document = Document(Table([], []), data=[{"a": [1.5, float("-inf")]}, {"a": None}])
    lines = ['{"a": [1.5, "-Infinity"]}', '{"a": null}']
    assert written("json", document) == f"[\n{lines[0]},\n{lines[1]}\n]\n"
    assert written("jsonl", document) == f"{lines[0]}\n{lines[1]}\n"


def test_several_parts() -> None:
    def tables() -> Iterator[Table]:
        return (Table([Column(name)], one_by_one([["1"]])) for name in "ab")

    document = Document(
        Table([], []),
        lambda: ["the end"],
        text=[Heading("two tables"), "a paragraph that is wrapped", *tables()],
        markup=[Heading("two tables"), *tables()],
    )
    assert written("table", document, 20) == (
        "two tables\n----------\n\na paragraph that is\n  wrapped\n\na\n---\n1\n\nb\n---\n1\n\nthe end\n"
    )
    assert written("markdown", document) == (
        "## two tables\n\n| a   |\n|-----|\n| 1   |\n\n| b   |\n|-----|\n| 1   |\n\nthe end\n"
    )


@pytest.mark.parametrize(
    ("form", "heading", "title", "paragraph"),
    [
        ("markdown", "## 2\\*z & more", "### a_b", "100 % of <z>"),
        (
            "latex",
            "\\section*{2*z \\& more}",
            "\\subsection*{a\\_b}",
            "100 \\% of \\textless{}z\\textgreater{}",
        ),
        ("html", "<h2>2*z &amp; more</h2>", "<h3>a_b</h3>", "<p>100 % of &lt;z&gt;</p>"),
    ],
)
def test_titles_and_paragraphs(form: str, heading: str, title: str, paragraph: str) -> None:
    held = Table([Column("c")], one_by_one([["1"]]))
    parts: list[Part] = [Heading("2*z & more"), "100 % of <z>", Section("a_b", held), Lines(["the end"])]
    lines = written(form, Document(Table([], []), markup=parts)).splitlines()
    assert lines[:5] == [heading, "", paragraph, "", title]
    assert "the end" in lines[-1]


def test_a_table_fits_a_width() -> None:
    columns = [Column("z", kind="number"), Column("says", may_be_cut=True), Column("g", kind="number")]
    table = Table(columns, one_by_one([["-1.0", "twelve words and more", "0.25"]]))
    assert written("table", Document(table), 25) == (
        "   z  says              g\n----  -------------  ----\n-1.0  twelve wor...  0.25\n"
    )
    table = Table(columns, one_by_one([["-1.0", "twelve words and more", "0.25"]]))
    assert written("table", Document(table), 20) == (
        "   z  says\n----  ------------\n-1.0  twelve wo...\n\n   z     g\n----  ----\n-1.0  0.25\n"
    )


def test_sections_with_tables_and_notes_between() -> None:
    def parts() -> Iterator[Part]:
        yield Section("a title", Table([Column("a"), Column("b")], one_by_one([["1", "22222222"]]), ["b"]))
        yield Lines(["a note that is wrapped", Line("but 2*z is one line, whatever its length")])
        yield Table([Column("c")], one_by_one([["3"]]))

    objects = [{"a": 1}, {"a": 2}]
    document = Document(
        Table([], []), data={"rows": objects}, objects=objects, text=[*parts()], markup=[*parts()]
    )
    assert written("table", document, 12) == (
        "a title\na\n---\n1\n\na note that\n  is wrapped\n"
        "but 2*z is one line, whatever its length\n\nc\n---\n3\n"
    )
    assert written("markdown", document) == (
        "### a title\n\n| a   | b        |\n|-----|----------|\n| 1   | 22222222 |\n\n"
        "a note that is wrapped\n\nbut 2\\*z is one line, whatever its length\n\n"
        "| c   |\n|-----|\n| 3   |\n"
    )
    assert json.loads(written("json", document)) == {"rows": objects}
    assert written("jsonl", document) == '{"a": 1}\n{"a": 2}\n'


@pytest.mark.parametrize("form", TEXT_FORMATS)
def test_rows_before_an_error_are_there(form: str) -> None:
    def blocks() -> Iterator[Block]:
        yield [["1.0", "2.0"]]
        raise InputError("line 3")

    out = io.StringIO()
    with pytest.raises(InputError, match="line 3"):
        write(form, Document(Table([Column("z", kind="number")], blocks())), out)
    assert all(number in out.getvalue() for number in ("1.0", "2.0"))
    if form == "json":
        assert json.loads(out.getvalue()) == [{"z": 1.0}, {"z": 2.0}]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("csv", "z,g\n0.5,-2.0\nnan,inf\n1e+300,-inf\n"),
        ("lines", "0.5\t-2.0\nnan\tinf\n1e+300\t-inf\n"),
        (
            "jsonl",
            '{"z": 0.5, "g": -2.0}\n{"z": "NaN", "g": "Infinity"}\n{"z": 1e+300, "g": "-Infinity"}\n',
        ),
    ],
)
def test_arrays_of_numbers(form: str, expected: str) -> None:
    columns = [Column("z", kind="number"), Column("g", kind="number")]
    values = np.array([[0.5, np.nan, 1e300], [-2.0, np.inf, -np.inf]])
    blocks = [[FloatArray(own[part], FLOAT64) for own in values] for part in (slice(1), slice(1, 3))]
    assert written(form, Document(Table(columns, blocks))) == expected
