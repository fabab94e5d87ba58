"""The gate's files: valid by their public schemas, small, and inert whatever a batch is called or says."""

import json
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as Xml

import pytest
from jsonschema import Draft4Validator
from pratique.contract.evidence import ColumnEvidence, Evidence
from pratique.decisions.judging import Submission
from pratique.detector.hypotheses import describe
from pratique.gate.changes import Refusal
from pratique.gate.formats import junit, sarif, verdict_json
from pratique.gate.judge import GatedBatch, GateResult
from pratique.gate.markdown import MAX_COMMENT, MAX_SUMMARY, comment, markdown
from pratique.gate.telling import headline, next_command, why
from pratique.provenance.parts import DecisionRecord

SARIF = Path(__file__).parents[1] / "schemas/sarif-2.1.0.json"
"""The public schema, without its descriptions."""
HOSTILE = "</script><script>alert(1)</script>\x1b[31m\u202e\n::error::x `@all` | [a](javascript:x) <!-- ]]> &amp; "


@pytest.fixture
def gated(make_record, alarm):
    """A batch that the gate judged: held for what two checks found, unless it is said otherwise."""

    def make(name="east/w01", verdict="quarantine", outcome="quarantined", text="labels off", objections=(), **parts):
        odd, measured = verdict != "accept", {"observed": 1.5, "limit": 0.5, "p_value": 1e-9}
        checks = alarm("labels", alarm=odd, **measured), alarm("schema", alarm=odd, breaches=(text,), **measured)
        changed = parts.pop("changed", None)
        judged = {"p_value": 1e-9, "alarms": ("labels", "schema") if odd else (), "checks": checks}
        record = make_record(batch=name, verdict=verdict, outcome=outcome, suspects={}, **judged | parts)
        submission = Submission((), frozenset({"sam@example.org"}))
        return GatedBatch(Path(record.file), Path(changed or record.file), submission, True, record, tuple(objections))

    return make


@pytest.fixture
def clean(gated):
    return gated("east/w00", "accept", "accepted")


@pytest.fixture
def bad(gated, clean):
    """Refused, and hostile wherever a batch or a person can say something."""
    reject = DecisionRecord(
        action="reject", reviewer=HOSTILE, reason=HOSTILE, path="data/decisions/it.json", sha256="d" * 64
    )
    one = gated(text=HOSTILE, objections=[HOSTILE], decisions=(reject,))
    refused = (
        Refusal(HOSTILE, HOSTILE, f"git rm {HOSTILE}"),
        Refusal("params.yaml", "comes together with data", "split"),
    )
    return GateResult("a" * 40, "b" * 40, (clean, one), refused, (HOSTILE,))


@pytest.fixture(params=["nothing", "clean", "bad", "held", "unreadable"])
def result(request, gated):
    match request.param:
        case "bad":
            return request.getfixturevalue("bad")
        case "clean":
            batches = (request.getfixturevalue("clean"),)
        case "held":
            batches = (gated(verdict="accept", holds=(HOSTILE,)),)
        case "unreadable":
            batches = (gated(checks=(), fault=HOSTILE),)
        case _:
            batches = ()
    return GateResult("a" * 40, "b" * 40, batches, (), ())


def test_sarif_is_valid_by_its_public_schema(result):
    value = json.loads(json.dumps(sarif(result), allow_nan=False))
    Draft4Validator(json.loads(SARIF.read_text(encoding="utf-8"))).validate(value)


def test_sarif_has_one_result_for_each_batch_and_check_never_for_a_row(gated, clean):
    results = sarif(GateResult("a" * 40, "b" * 40, (clean, gated()), (), ()))["runs"][0]["results"]
    assert [(r["ruleId"], r["level"]) for r in results] == [
        ("labels", "error"), ("schema", "error"), ("outcome", "error"),
    ]  # fmt: skip


def test_junit_has_the_elements_and_attributes_that_ci_reads_and_counts_right(result):
    top = Xml.fromstring(junit(result))
    assert (top.tag, [suite.tag for suite in top]) == ("testsuites", ["testsuite"])
    (suite,) = top
    assert set(suite.attrib) == {"name", "tests", "failures", "errors"}
    assert int(suite.attrib["tests"]) == len(suite)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert (int(suite.attrib["failures"]) == 0) == result.passes
    for case in suite:
        assert (case.tag, set(case.attrib)) == ("testcase", {"classname", "name"})
        assert all((child.tag, set(child.attrib)) == ("failure", {"type", "message"}) for child in case)


def test_32_35_what_a_batch_says_commands_nothing(result):
    page = markdown(result)
    for text in (
        page,
        junit(result),
        headline(result),
        next_command(result) or "",
        *map(str, verdict_json(result)["batches"]),
    ):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\n::error" not in text
    for live in ("<script", "</script", "@all`", "[a](", "<!--", "| [a]"):
        assert live not in page
    assert all("\n" not in reason for gated in result.batches for reason in why(gated))


def test_the_verdict_comes_first_and_what_passes_last(bad):
    page = markdown(bad)
    assert page.startswith("## Pratique: refused&#58; 2 files of the change cannot be let in\n")
    assert page.index("east/w01") < page.index("east/w00")


def test_the_worst_batch_comes_first_and_unfolded(gated, clean):
    odd, odder = gated("east/w05", p_value=1e-4), gated("east/w07", p_value=1e-9)
    page = markdown(GateResult("a" * 40, "b" * 40, (clean, odd, odder), (), ()))
    page = page[page.index("<details open>") :]
    assert page.index("east/w07") < page.index("east/w05") < page.index("east/w00")
    assert page.count("<details open>") == 1
    assert "of clean batches 1 in 1 billion would look so odd" in page


def test_a_comment_is_found_again_by_its_first_line_whatever_it_says(gated, clean, bad):
    whole = PurePosixPath()
    before, after = (comment(GateResult("a" * 40, "b" * 40, (one,), (), ()), whole) for one in (gated(), clean))
    assert before.splitlines()[0] == after.splitlines()[0] == "<!-- pratique gate: . -->"
    other = comment(bad, PurePosixPath("quality")).splitlines()[0]
    assert other == "<!-- pratique gate: quality -->"
    assert comment(bad, PurePosixPath("-->x")).splitlines()[0] == "<!-- pratique gate: --%3Ex -->"


def test_a_comment_is_cut_between_batches(gated):
    many = tuple(gated(f"east/w{i:03d}", text="x" * 5000, objections=["y" * 5000] * 9) for i in range(500))
    page = comment(GateResult("a" * 40, "b" * 40, many, (), ()), PurePosixPath())
    assert len(page) < 65_536
    assert len(page) > MAX_COMMENT - 5_000
    assert page.count("<details") == page.count("</details>") > 1
    assert "more entries." in page


def test_an_alarm_is_told_in_words_with_rows_columns_and_what_to_do(gated, alarm):
    evidence = Evidence.of_columns([ColumnEvidence(("age",), {}, (3, 7))])
    check = alarm("outliers", observed=9.123456, limit=4.2, p_value=1e-9, evidence=evidence)
    result = GateResult("a" * 40, "b" * 40, (gated(checks=(check,), alarms=("outliers",)),), (), ())
    (said,) = (r["message"]["text"] for r in sarif(result)["runs"][0]["results"] if r["ruleId"] == "outliers")
    assert "Of clean batches 1 in 1 billion would look so odd." in said
    assert "Look at columns: age; rows, counted from 0: 3 and 7." in said
    assert said.endswith(describe("outliers").advice)
    assert "9.12" not in said
    case = Xml.fromstring(junit(result)).find("testsuite/testcase[@name='outliers']/failure")
    assert case.get("message") in said.replace("\\", "")
    (rule,) = (r for r in sarif(result)["runs"][0]["tool"]["driver"]["rules"] if r["id"] == "outliers")
    assert rule["shortDescription"]["text"] == describe("outliers").alarm


def test_500_quarantined_batches_stay_below_what_a_forge_shows(gated):
    many = tuple(gated(f"east/w{i:03d}", text="x" * 5000, objections=["y" * 5000] * 9) for i in range(500))
    page = markdown(GateResult("a" * 40, "b" * 40, many, (), ()))
    assert len(page.encode()) < 1024 * 1024
    assert len(page.encode()) <= MAX_SUMMARY + 200
    small = markdown(GateResult("a" * 40, "b" * 40, tuple(gated(f"east/w{i:03d}") for i in range(500)), (), ()))
    assert small.count("<details") == small.count("</details>") == 500


def test_labels_that_come_alone_are_what_is_named(gated):
    labels = "data/labels/east/w01.csv"
    result = GateResult("a" * 40, "b" * 40, (gated(changed=labels),), (), ())
    assert next_command(result).startswith(f"git rm {labels}; or")
    places = [found["locations"][0]["physicalLocation"] for found in sarif(result)["runs"][0]["results"]]
    assert {place["artifactLocation"]["uri"] for place in places} == {labels}


@pytest.mark.parametrize(
    ("waiting", "cleared", "said"),
    [
        ((), 0, "passed: no batch is new or changed"),
        (("east/w02",), 0, "passed: 1 batch waiting for labels"),
        ((), 1, "passed: 1 of 1 batch cleared"),
        (("east/w02", "east/w03"), 1, "passed: 1 of 1 batch cleared, 2 batches waiting for labels"),
    ],
)
def test_a_batch_that_waits_is_new_in_the_headline(clean, waiting, cleared, said):
    assert headline(GateResult("a" * 40, "b" * 40, (clean,) * cleared, (), (), waiting=waiting)) == said


def test_what_to_do_names_the_first_batch_that_is_stopped(gated, clean, bad):
    assert next_command(GateResult("", "", (clean,), (), ())) is None
    assert next_command(bad).startswith("git rm </script>")
    assert next_command(GateResult("", "", (clean, gated()), (), ())).startswith(
        "git rm data/incoming/east/w01.csv; or"
    )
