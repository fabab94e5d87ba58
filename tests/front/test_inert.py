"""What others wrote is data in every output: each is parsed again, and says the same things as with harmless words."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from urllib.parse import urlsplit
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from pratique.contract.evidence import ColumnEvidence, Evidence, RowEvidence
from pratique.core import screen
from pratique.core.params import DataParams, Params
from pratique.core.writing import csv_text, json_text
from pratique.decisions.decision import Decision
from pratique.decisions.judging import Submission
from pratique.detector.notebook import show_result
from pratique.detector.verdict import Verdict
from pratique.dossier.charts import Bars, Chart
from pratique.dossier.dossier import Dossier
from pratique.dossier.suspects import Ranking, Row, Suspect
from pratique.dossier.traits import Trait
from pratique.gate import formats, markdown, telling
from pratique.gate.changes import Refusal
from pratique.gate.judge import GatedBatch, GateResult
from pratique.lineage.openlineage import EventWriter
from pratique.lineage.prov import ProvDocument
from pratique.pages.batch_page import batch_page
from pratique.pages.draw import draw
from pratique.pages.form import DecisionForm
from pratique.pages.queue_page import queue_page
from pratique.provenance.parts import DecisionRecord, SourceRecord
from pratique.review.proposal import Proposal
from pratique.terminal import explain, queue, summary
from rich.table import Table
from rich.text import Text

HOSTILE = (
    "\x1b[31mred\x1b]8;;https://evil.example\x07click\x1b]8;;\x07",
    "\x9b31m",
    "\u202egpj.exe\u2066",
    "\n::error file=a::gone",
    "::add-mask::x",
    "##[error]gone",
    "##vso[task.setvariable variable=x]y",
    "\r\x1b[0Ksection_start:0:x",
    "</script><script>alert(1)</script>",
    "<!--/decide--><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    "]]><x/>",
    "&lt;&#60;",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "'=1",
    "| a | b |\n|---|---|",
    "[a](https://evil.example)",
    "`**_~~",
    "<details>",
    "$x$",
    "ann@evil.example",
    "@all",
    "#1",
    "www.evil.example",
    "https://evil.example",
    "[red]rich[/red]",
    "[/]",
    "[link=https://evil.example]x[/link]",
    ":smile:",
    "{0}",
    "{{ 1 }}{% raw %}",
    "\x00\ufffe\ud800",
    "x" * 5000,
)
BATCH = " ".join(HOSTILE)
"""All of it at once."""
texts = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), min_size=1, max_size=4).map("".join).filter(bool)
AGAINST = "harmless"
SARIF_SCHEMA = Path(__file__).parents[1] / "schemas/sarif-2.1.0.json"


def hold_everywhere(check):
    """Run a test on strings that hypothesis makes, on each of the fixed ones, and on all of these at once."""
    check = given(texts)(check)
    for text in (*HOSTILE, BATCH):
        check = example(text)(check)
    return check


@pytest.fixture
def tell(make_record, alarm):
    """The record of a batch in which everything that somebody outside writes is this text."""

    def make(text, **parts):
        evidence = Evidence.of_columns([ColumnEvidence((text,), {text: text, "list": [text]}, (1,))], **{"note": text})
        checks = (
            alarm("labels", breaches=(text, text), evidence=evidence, unit=text),
            alarm("schema", fault=text, evidence=Evidence.of_rows([RowEvidence((1,), {"label": text}, (text,))])),
        )
        reject = DecisionRecord(action="reject", reviewer=text, reason=text, path=text, sha256="d" * 64)
        said = {"checks": checks, "alarms": ("labels", "schema"), "decisions": (reject,), "suspects": {1: text}}
        entry = SourceRecord(origin=text, owner=text, licence=text, labels=text)
        return make_record(**said | {"source_entry": entry} | parts)

    return make


class Skeleton(HTMLParser):
    """The tags of a page with the names of their attributes, and where its links lead."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.links, self.text, self.words = [], [], "", []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, tuple(name for name, _ in attributes)))
        self.links += [value for name, value in attributes if name in ("href", "src", "action")]

    def handle_endtag(self, tag):
        self.tags.append((f"/{tag}", ()))

    def handle_comment(self, data):
        self.tags.append(("comment", ()))

    def handle_data(self, data):
        self.text += data


def assert_plain(text):
    """Nothing in it commands a terminal or hides from the eye."""
    assert [c for c in text if not c.isprintable() and c != "\n"] == []


def assert_obeyed_by_nobody(log):
    assert_plain(log)
    assert "##[" not in log
    assert not re.search(r"##\w*\[", log)
    assert not [line for line in log.splitlines() if line.lstrip().startswith("::")]


def pages(tell, text):
    """Every page, with this text in all its places."""
    record = tell(text)
    row = Row(text, (text,) * 2, distance=2.0)
    cards = (Suspect(1, 2.0, text, row, (text,) * 2, (row, row)),)
    charts = (
        Chart(text, levels=(Bars(text, 0.1, 0.2),), note=text),
        Chart(text, "M0 0", "M0 0", text, text, note=text),
    )
    trait = Trait(text, True, 9.0)
    dossier = Dossier(
        record, None, Ranking(cards, cards, 0), (trait,), trait, ((text, text, 3),), None, charts, 0, (record,)
    )
    builder = SimpleNamespace(trusted_rows=(10, 20))
    said = Decision.model_construct(action="reject", batch=text, reviewer=text, reason=text)
    form = DecisionForm("guard", (said,))
    params = Params(data=DataParams(label=text), checks={})
    proposal = Proposal("release", text, None, (tell(text, decisions=()),))
    shown = {
        "proposal": proposal,
        "bound": ("params",),
        "reviewer": text,
        "signed": False,
        "counts": False,
        "secret": "s",
        "identity": text,
    }
    worth = SimpleNamespace(sentences=(text,), panels=(), triggers=((text,) * 3,), reference_apart=False)
    return (
        batch_page(dossier, builder, params, [record.batch]),
        batch_page(dossier, builder, params, [record.batch], form),
        queue_page([record], {}, worth, text, form),
        draw("confirm.html", **shown),
        draw("trouble.html", faults=[text], done=[text], identity=text),
    )


@pytest.fixture
def plain_pages(tell):
    return [Skeleton(page) for page in pages(tell, AGAINST)]


def test_pages(tell, plain_pages):
    @hold_everywhere
    def check(text):
        for page, plain in zip(pages(tell, text), plain_pages, strict=True):
            assert_plain(page)
            found = Skeleton(page)
            assert found.tags == plain.tags
            assert found.links == plain.links
            assert screen.printable(text) in found.text

    check()


def test_notebooks():
    @hold_everywhere
    def check(text):
        page = show_result(text, Verdict("accept", 0.5, (), {}, ()), 3, text)
        assert_plain(page)
        assert [tag for tag, _ in Skeleton(page).tags] == ["p", "b", "/b", "/p", "p", "/p"]

    check()


def gated(tell, text):
    batch = GatedBatch(
        *[Path("data/incoming/crowd/w01.csv")] * 2, Submission((), frozenset({text})), True, tell(text), (text,)
    )
    return GateResult("a" * 40, "b" * 40, (batch,), (Refusal(text, text, text),), (text,))


def test_sarif(tell):
    schema = Draft4Validator(json.loads(SARIF_SCHEMA.read_text(encoding="utf-8")))

    @hold_everywhere
    def check(text):
        printed = json_text(formats.sarif(gated(tell, text)))
        assert_obeyed_by_nobody(printed)
        schema.validate(json.loads(printed))
        for found in json.loads(printed)["runs"][0]["results"]:
            assert_plain(found["message"]["text"])
            assert not re.search(r"(?<!\\)(\\\\)*[\[\]]", found["message"]["text"])
            uri = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            assert urlsplit(uri)[:2] == ("", "")
            assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)

    check()


def test_junit(tell):
    def outline(text):
        page = formats.junit(gated(tell, text))
        assert_plain(page)
        read = list(Xml.fromstring(page).iter())
        assert any(screen.printable(text)[:250] in each.get("message", "") for each in read)
        return [(each.tag, sorted(each.attrib)) for each in read]

    plain = outline(AGAINST)

    @hold_everywhere
    def check(text):
        assert outline(text) == plain

    check()


def test_markdown(tell):
    cmark = pytest.importorskip("cmarkgfm", reason="the reader of GitHub's Markdown is not installed")
    from cmarkgfm.cmark import Options

    def read(text):
        page = markdown.comment(gated(tell, text), PurePosixPath("quality"))
        assert page.partition("\n")[2] == markdown.markdown(gated(tell, text))
        assert_plain(page)
        found = Skeleton(cmark.github_flavored_markdown_to_html(page, Options.CMARK_OPT_UNSAFE))
        return [tag for tag, _ in found.tags if "span" not in tag], found

    plain, _ = read(AGAINST)
    assert ("a" not in plain, "table" in plain, "details" in plain) == (True, True, True)

    @hold_everywhere
    def check(text):
        tags, found = read(text)
        assert tags == plain
        assert found.links == []
        assert screen.printable(text)[:250] in found.text

    check()


def test_terminals_and_logs(tell, capsys, monkeypatch):
    @hold_everywhere
    def check(text):
        record = tell(text)
        for module, name, value in (
            (explain, "read_record", lambda batch: record),
            (queue, "read_record", lambda batch: record),
            (queue, "read_records", lambda: [record]),
            (queue, "load_decisions", list),
            (summary, "read_comparison", lambda: None),
        ):
            monkeypatch.setattr(module, name, value)
        cells = Table("column", "cell")
        cells.add_row(text, Text(text))
        for shown in (
            summary.summary([record], [text]),
            explain.explain(text),
            queue.queue(),
            queue.sheet(text),
            cells,
            text,
        ):
            screen.display(shown)
        screen.say(text, f"    {text}", *telling.why(gated(tell, text).batches[0]))
        screen.say(text, error=True)
        said = capsys.readouterr()
        assert_obeyed_by_nobody(said.out)
        assert_obeyed_by_nobody(said.err)
        assert said.err.count("\n") == 1
        assert max(map(len, said.out.splitlines())) < 5 * screen.MAX_LINE

    check()


def test_json():
    @hold_everywhere
    def check(text):
        for printed in (json_text({text: [text]}), json_text({text: [text]}, indent=2)):
            assert_obeyed_by_nobody(printed)
            assert json.loads(printed) == {text: [text]}

    check()


def test_exports(tell):
    @hold_everywhere
    def check(text):
        text = text.replace("\ud800", "")  # no file that is read has it, and no address can
        document = ProvDocument(text)
        document.declare("entity", text, {"prov:label": text})
        assert_obeyed_by_nobody(document.text())
        assert json.loads(document.text())["entity"]
        record = tell(text)
        writer = EventWriter(text, "2026-01-01T00:00:00Z")
        told = [writer._batch(record), *writer._decisions(record)]
        source = told[0]["facets"]["dataSource"]
        assert urlsplit(source.get("uri", "")).scheme.lower() not in ("javascript", "vbscript", "data")

    check()


def test_spreadsheets():
    @hold_everywhere
    def check(text):
        printed = csv_text([("attack", text), (text, 0.5, None), (text, text)])
        assert_plain(printed)
        lines = list(csv.reader(io.StringIO(printed)))
        assert [len(line) for line in lines] == [2, 3, 2]
        for cell in (cell for line in lines for cell in line):
            assert not re.match(r"[=+\-@\t\r＝＋－＠]", cell) or re.fullmatch(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?", cell)

    check()


@pytest.mark.parametrize("number", ["-1", "+2.5", "-1e-9", "0"])
def test_numbers_stay_numbers(number):
    assert csv_text([(number,)]) == f"{number}\n"


def test_nobody_else_writes_to_a_terminal():
    package = Path(screen.__file__).parents[1]
    writers = [
        path.relative_to(package).as_posix()
        for path in sorted(package.rglob("*.py"))
        if re.search(r"\bprint\(|\becho\(|\bConsole\(|std(out|err)\.write", path.read_text(encoding="utf-8"))
    ]
    own = ["commands/init.py", "core/progress.py", "core/screen.py", "lineage/export.py"]
    assert writers == own  # a bar, and JSON, in which what is unsafe stands as an escape
