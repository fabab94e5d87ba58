"""The record: what it says of each outcome, that its schema holds it to that, and that its digests are right."""

import copy
import hashlib
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator, ValidationError
from pratique import __version__
from pratique.contract.evidence import MOST_EVIDENCE, Evidence, RowEvidence
from pratique.contract.finding import Finding, RowScores, RuleBreaches
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.params import AlarmParams, Params, ShiftParams
from pratique.detector import profile
from pratique.detector.examine import Examination, Measurement
from pratique.detector.verdict import judge, judge_unreadable
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.record import Configuration, statement
from pratique.statistics.nulls import BetaBinomial, Pearson3
from pratique.tables.arrival import Arrival

SHA = "ab" * 32
OUTPUTS = [("data/accepted/vendor/w01.parquet", "cd" * 32)]
JUDGED_BY = Configuration({"params": "1" * 64, "profile": "2" * 64, "code": "3" * 64}, seed=7)
LAYOUT = Layout("y", {"a": "real"})
SCHEMA = json.loads((files("pratique.provenance") / "record.schema.json").read_text(encoding="utf-8"))


def cleared(
    *, p_value: float = 0.5, forbidden: int = 0, fault: str | None = None, breach: str | None = None
) -> ClearedBatch:
    rows = 40
    table = pa.table({"a": np.arange(rows) / 8, "y": ["u", "v"] * (rows // 2)})
    null = Pearson3(0.0, 1.0, 0.0)
    scores = np.linspace(0, 1, rows)
    labels = (
        Finding(float("nan"), "", fault=fault)
        if fault
        else RowScores(
            scores,
            "nats a row",
            evidence=Evidence(rows=(RowEvidence((3,), {"score": 1 / 3}),), notes={"odd": float("inf")}),
        ).finding(rows)
    )
    schema = RuleBreaches(
        np.arange(rows) < forbidden,
        breaches=(breach,) if breach else (),
        forbidden=dict.fromkeys(range(forbidden), "a: too large"),
    ).finding(rows)
    examination = Examination(
        measurements=(
            Measurement("labels", labels, null, 0.0 if fault else p_value),
            Measurement("schema", schema, BetaBinomial(0, 100, rows), 0.9),
            Measurement("shift", Finding(1.23456789, "-log10 p"), null, 0.8),
        ),
        row_scores=scores,
        row_p_values=np.full(rows, 0.6),
        row_checks=("labels",) * rows,
        trusted=150,
    )
    arrival = Arrival("vendor/w01", "w01.csv", SHA, rows, 2)
    verdict = judge(examination, AlarmParams(), ShiftParams())
    return ClearedBatch(arrival, Batch("vendor/w01", table, LAYOUT), examination, verdict)


def no_table() -> ClearedBatch:
    return ClearedBatch(
        Arrival("vendor/w01", "w01.csv", SHA, fault="w01.csv: the file is empty"), None, None, judge_unreadable()
    )


OUTCOMES = {
    "accepted": cleared(),
    "partial": cleared(forbidden=2),
    "quarantined": cleared(p_value=1e-30),
    "rule broken": cleared(breach="the batch lacks column 'b'"),
    "check failed": cleared(fault="ValueError: no neighbours"),
    "unreadable": no_table(),
}


@pytest.fixture(params=OUTCOMES.keys())
def record(request: pytest.FixtureRequest) -> dict[str, Any]:
    return statement(OUTCOMES[request.param], JUDGED_BY, OUTPUTS)


def predicate(outcome: str) -> dict[str, Any]:
    return statement(OUTCOMES[outcome], JUDGED_BY, OUTPUTS)["predicate"]


def check(outcome: str, name: str) -> dict[str, Any]:
    return next(c for c in predicate(outcome)["checks"] if c["id"] == name)


def objects(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of a record by its place, save evidence, which is the check's own."""
    if isinstance(value, dict):
        yield place, value
        for key, item in value.items():
            if key != "evidence":
                yield from objects(item, f"{place}/{key}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from objects(item, f"{place}/{i}")


def at(record: dict[str, Any], place: str) -> Any:
    value: Any = record
    for part in place.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def valid(record: dict[str, Any]) -> bool:
    return Draft202012Validator(SCHEMA).is_valid(record)


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_every_outcome_has_a_valid_record(record):
    Draft202012Validator(SCHEMA).validate(record)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_it_is_an_in_toto_statement(record):
    assert list(record) == ["_type", "subject", "predicateType", "predicate"]
    assert record["_type"] == "https://in-toto.io/Statement/v1"
    assert record["subject"] == [{"name": "data/incoming/vendor/w01.csv", "digest": {"sha256": SHA}}]
    assert record["predicateType"] == "urn:pratique:batch-record:v1"


def test_it_holds_no_clock_and_no_chance(record):
    text = json.dumps(record)
    assert not re.search(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}:\d{2}", text)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-", text)
    assert not re.search(r"(?i)\"[^\"]*(time|date|uuid)[^\"]*\":", text)


def test_equal_batches_have_equal_records():
    one, other = (statement(cleared(forbidden=2), JUDGED_BY, OUTPUTS) for _ in range(2))
    assert json.dumps(one) == json.dumps(other)


def test_no_key_can_be_left_out(record):
    for place, value in list(objects(record)):
        for key in value:
            broken = copy.deepcopy(record)
            del at(broken, place)[key]
            assert not valid(broken), f"{place}/{key}"


def test_no_unknown_key_can_be_added(record):
    for place, _ in list(objects(record)):
        broken = copy.deepcopy(record)
        at(broken, place)["remark"] = "trust me"
        assert not valid(broken), place


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("/_type", "https://in-toto.io/Statement/v0.1"),
        ("/predicateType", "urn:pratique:batch-record:v2"),
        ("/subject", []),
        ("/subject/0/digest/sha256", "ab"),
        ("/subject/0/digest/sha256", "AB" * 32),
        ("/predicate/verdict", "reject"),
        ("/predicate/result", "OK"),
        ("/predicate/pValue", None),
        ("/predicate/pValue", 1.1),
        ("/predicate/pValue", -0.1),
        ("/predicate/reasonCodes", ["labels alarm"]),
        ("/predicate/reasonCodes", "labels"),
        ("/predicate/batch/id", "w01"),
        ("/predicate/batch/rows", -1),
        ("/predicate/batch/rows", 1.5),
        ("/predicate/checks/0/level", "cell"),
        ("/predicate/checks/0/success", 1),
        ("/predicate/checks/0/pValue", None),
        ("/predicate/outputs", []),
        ("/predicate/outputs/0/sha256", ""),
        ("/predicate/rows/quarantined", None),
        ("/predicate/tool/name", "other"),
    ],
)
def test_no_wrong_value_passes(place, value):
    broken = statement(OUTCOMES["partial"], JUDGED_BY, OUTPUTS)
    above, key = place.rsplit("/", 1)
    at(broken, above)[key] = value
    assert not valid(broken)


def test_a_record_that_breaks_its_schema_is_not_written():
    with pytest.raises(ValidationError):
        statement(OUTCOMES["accepted"], JUDGED_BY, [])


def test_an_accepted_batch():
    got = predicate("accepted")
    assert (got["result"], got["verdict"], got["reasonCodes"], got["fault"]) == ("PASSED", "accept", [], None)
    assert got["rows"] == {"accepted": 40, "quarantined": 0}
    assert got["pValue"] == round(1 - 0.5**3, 4)
    assert got["suspects"] == {"shown": [], "left_out": 0}
    assert got["outputs"] == [{"path": OUTPUTS[0][0], "sha256": OUTPUTS[0][1]}]


def test_a_partial_batch():
    got = predicate("partial")
    assert (got["result"], got["verdict"], got["reasonCodes"]) == ("WARNED", "partial", [])
    assert got["rows"] == {"accepted": 38, "quarantined": 2}
    assert got["suspects"]["shown"] == [{"row": row, "reason": "schema: a: too large"} for row in (0, 1)]
    assert check("partial", "schema")["nFailed"] == 2


def test_a_quarantined_batch():
    got = predicate("quarantined")
    assert (got["result"], got["verdict"], got["reasonCodes"]) == ("FAILED", "quarantine", ["labels"])
    assert got["rows"] == {"accepted": 0, "quarantined": 40}
    assert got["pValue"] == 3e-30
    assert [(c["id"], c["success"]) for c in got["checks"]] == [("labels", False), ("schema", True), ("shift", True)]


def test_a_broken_rule():
    got = predicate("rule broken")
    assert (got["verdict"], got["reasonCodes"], got["pValue"]) == ("quarantine", ["schema"], 0)
    assert check("rule broken", "schema")["breaches"] == ["the batch lacks column 'b'"]
    assert check("rule broken", "schema")["success"] is False


def test_a_check_that_failed():
    got = check("check failed", "labels")
    assert (got["success"], got["observed"], got["pValue"], got["fault"]) == (
        False,
        None,
        0,
        "ValueError: no neighbours",
    )
    assert predicate("check failed")["reasonCodes"] == ["labels.fault"]


def test_bytes_that_are_no_table():
    got = predicate("unreadable")
    assert (got["result"], got["verdict"], got["reasonCodes"]) == ("FAILED", "quarantine", ["unreadable"])
    assert got["fault"] == "w01.csv: the file is empty"
    assert got["batch"] == {
        "id": "vendor/w01",
        "source": "vendor",
        "rows": 0,
        "columns": 0,
        "schemaHash": None,
        "labelsSha256": None,
        "rowSetSha256": None,
    }
    assert (got["checks"], got["rows"]) == ([], {"accepted": 0, "quarantined": 0})


def test_numbers_are_rounded_and_infinities_become_null():
    got = check("accepted", "labels")
    assert got["evidence"] == {
        "columns": [],
        "rows": [{"rows": [3], "facts": {"score": 0.333333}, "columns": []}],
        "notes": {"odd": None},
        "columns_left_out": 0,
        "rows_left_out": 0,
    }
    assert check("accepted", "shift")["observed"] == 1.23457
    assert check("accepted", "shift")["limit"] == pytest.approx(2.71194, abs=1e-5)


def test_a_finding_says_whether_it_looks_at_rows():
    assert check("accepted", "labels")["level"] == "rows"
    assert check("accepted", "shift")["level"] == "batch"


def test_many_suspects_are_cut_and_counted():
    got = statement(cleared(forbidden=30), JUDGED_BY, OUTPUTS)["predicate"]
    assert len(got["suspects"]["shown"]) == MOST_EVIDENCE
    assert got["suspects"]["left_out"] == 30 - MOST_EVIDENCE
    assert got["rows"]["quarantined"] == 30


def test_what_a_batch_says_can_not_command_a_terminal():
    strange = "\x1b[31m\u202e"
    for outcome in (cleared(breach=f"column '{strange}'"), cleared(fault=f"ValueError: {strange}")):
        text = json.dumps(statement(outcome, JUDGED_BY, OUTPUTS), ensure_ascii=False)
        assert text.isprintable()
        assert "\\\\x1b[31m\\\\u202e" in text


def digest_of(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()


def test_digests_of_columns_and_labels_can_be_recomputed():
    got = predicate("accepted")["batch"]
    assert (got["rows"], got["columns"]) == (40, 2)
    assert got["labelsSha256"] == digest_of(["u", "v"] * 20)
    assert got["schemaHash"] == digest_of([["a", "double"], ["y", "string"]])


def test_the_configuration_is_named_by_digest():
    got = predicate("accepted")
    assert got["configuration"] == [
        {"name": "params", "sha256": "1" * 64},
        {"name": "profile", "sha256": "2" * 64},
        {"name": "code", "sha256": "3" * 64},
    ]
    assert got["tool"] == {"name": "pratique", "version": __version__, "seed": 7}


def test_the_configuration_follows_what_judges_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/profile").mkdir(parents=True)
    (tmp_path / "data/profile/profile.json").write_text("{}", encoding="utf-8")
    params = Params(seed=1, data={"label": "y"}, checks={"labels": {}})
    first = Configuration.of(params)
    assert first.seed == 1
    assert first.digests["profile"] == profile.digest()
    assert list(first.digests) == ["params", "reference", "profile", "code"]  # nothing is declared here
    assert first == Configuration.of(params.model_copy(update={"train": params.train.model_copy(update={"trees": 7})}))
    for change in ({"alarms": AlarmParams(per_1000_batches=20)}, {"checks": {"shift": {}}}, {"seed": 2}):
        other = Configuration.of(params.model_copy(update=change))
        assert other.digests["params"] != first.digests["params"]
    (tmp_path / "data/profile/profile.json").write_text("{ }", encoding="utf-8")
    assert Configuration.of(params).digests["profile"] != first.digests["profile"]


def test_the_record_says_what_the_reference_is_worth():
    said = statement(OUTCOMES["partial"], JUDGED_BY, OUTPUTS)["predicate"]["promise"]
    assert said == {"budgetPer1000": 10, "keptPer1000": 40.0, "trustedRows": 150, "neededRows": 600}
    assert statement(no_table(), JUDGED_BY, OUTPUTS)["predicate"]["promise"] is None
