"""The gate's files: valid by their public schemas, small, and inert whatever a batch is called or says."""

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from jsonschema import Draft4Validator
from pratique.decisions.judging import Submission
from pratique.gate.formats import MAX_SUMMARY, headline, junit, markdown, next_command, sarif, verdict_json, why
from pratique.gate.judge import GatedBatch, GateResult

SARIF = Path(__file__).parents[1] / "schemas/sarif-2.1.0.json"
"""The public schema, without its descriptions."""
HOSTILE = "</script><script>alert(1)</script>\x1b[31m\u202e\n::error::x `@all` | [a](javascript:x) <!-- ]]> &amp; "


def gated(name="east/w01", verdict="quarantine", outcome="quarantined", text="labels off", objections=(), **parts):
    checks = [
        {
            "id": check, "success": verdict == "accept", "observed": 1.5, "limit": 0.5, "pValue": 1e-9,
            "breaches": [text] if check == "schema" else [], "fault": None, "unit": "", "evidence": {},
        }
        for check in ("labels", "schema")
    ]  # fmt: skip
    predicate = {
        "verdict": verdict, "outcome": outcome, "pValue": 1e-9, "fault": None, "checks": checks, "decisions": [],
        "holds": [], "reasonCodes": [] if verdict == "accept" else ["labels", "schema"], "configuration": [],
        "poisonedShare": None, "promise": None,
        "batch": {"id": name, "source": "east", "rows": 40, "columns": 3}, "suspects": {"shown": [], "left_out": 0},
        "rows": {"accepted": 0, "quarantined": 40},
    }  # fmt: skip
    path = Path(f"data/incoming/{name}.csv")
    submission = Submission((), frozenset({"sam@example.org"}))
    subject = [{"name": path.as_posix(), "digest": {"sha256": "0" * 64}}]
    return GatedBatch(path, submission, True, {"subject": subject, "predicate": predicate | parts}, tuple(objections))


CLEAN = gated("east/w00", "accept", "accepted")
BAD = gated(
    text=HOSTILE,
    objections=[HOSTILE],
    decisions=[{"action": "reject", "reviewer": HOSTILE, "reason": HOSTILE, "expires": None}],
)
RESULTS = {
    "nothing": GateResult("a" * 40, (), (), ()),
    "clean": GateResult("a" * 40, (CLEAN,), (), ()),
    "bad": GateResult("a" * 40, (CLEAN, BAD), (HOSTILE, "params.yaml"), (HOSTILE,)),
    "held": GateResult("a" * 40, (gated(verdict="accept", holds=[{"code": "resent", "reason": HOSTILE}]),), (), ()),
    "unreadable": GateResult("a" * 40, (gated(checks=[], fault=HOSTILE),), (), ()),
}


@pytest.fixture(params=RESULTS)
def result(request):
    return RESULTS[request.param]


def test_sarif_is_valid_by_its_public_schema(result):
    value = json.loads(json.dumps(sarif(result), allow_nan=False))
    Draft4Validator(json.loads(SARIF.read_text(encoding="utf-8"))).validate(value)


def test_sarif_has_one_result_for_each_batch_and_check_never_for_a_row():
    results = sarif(GateResult("a" * 40, (CLEAN, gated()), (), ()))["runs"][0]["results"]
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


def test_the_verdict_comes_first_and_what_passes_last():
    page = markdown(RESULTS["bad"])
    assert page.startswith("## Pratique: refused&#58; the change brings data together with policy or code\n")
    assert page.index("east/w01") < page.index("east/w00")


def test_500_quarantined_batches_stay_below_what_a_forge_shows():
    many = tuple(gated(f"east/w{i:03d}", text="x" * 5000, objections=["y" * 5000] * 9) for i in range(500))
    page = markdown(GateResult("a" * 40, many, (), ()))
    assert len(page.encode()) < 1024 * 1024
    assert len(page.encode()) <= MAX_SUMMARY + 200
    small = markdown(GateResult("a" * 40, tuple(gated(f"east/w{i:03d}") for i in range(500)), (), ()))
    assert small.count("<details>") == small.count("</details>") == 500


def test_what_to_do_names_the_first_batch_that_is_stopped():
    assert next_command(RESULTS["clean"]) is None
    assert next_command(RESULTS["bad"]).startswith("split the change: ")
    assert next_command(GateResult("", (CLEAN, gated()), (), ())).startswith("git rm data/incoming/east/w01.csv; or")
