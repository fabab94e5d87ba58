"""The record: what it says of each outcome, that nothing else is read or written as one, that its digests are right."""

import copy
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator
from pratique import __version__
from pratique.contract.evidence import MOST_EVIDENCE, Evidence, RowEvidence
from pratique.contract.finding import Finding, RowScores, RuleBreaches
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.params import AlarmParams, Params, ShiftParams
from pratique.decisions.binding import UNBOUND, Binding
from pratique.decisions.decision import Decision, DecisionFile
from pratique.decisions.ledger import essence
from pratique.detector import profile
from pratique.detector.examine import Examination, Measurement
from pratique.detector.verdict import judge, judge_unreadable
from pratique.provenance.parts import ResourceDescriptor
from pratique.provenance.record import Record, record_schema
from pratique.quarantine.adhoc import summary_lines
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.recording import MEDIA_TYPES, Configuration, Upstream, bind, make_record
from pratique.quarantine.rulings import NO_RULING, Hold, Ruling
from pratique.quarantine.sources import Source
from pratique.statistics.nulls import BetaBinomial, Pearson3
from pratique.tables.arrival import Arrival
from pratique.tables.reading import FORMATS
from pydantic import ValidationError

SHA = "ab" * 32
BOUND = Binding(batch=SHA, policy={}, checks={})
OUTPUTS = [("data/accepted/vendor/w01.parquet", "cd" * 32)]
JUDGED_BY = Configuration({"params": "1" * 64, "profile": "2" * 64, "code": "3" * 64}, seed=7)
SOURCE = Source(origin="https://vendor.example/feed", owner="Vendor", licence="CC BY 4.0", labels="by hand")
UPSTREAM = Upstream(SOURCE, ResourceDescriptor.of("data/incoming/vendor/w00.csv", "0a" * 32))
UNKNOWN = Upstream()
LAYOUT = Layout("y", {"a": "real"})
SCHEMA = json.loads((files("pratique.provenance") / "record.schema.json").read_text(encoding="utf-8"))


def cleared(
    *,
    p_value: float = 0.5,
    forbidden: int = 0,
    rare: int = 0,
    fault: str | None = None,
    breach: str | None = None,
    ruling: Ruling = NO_RULING,
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
            Measurement("labels", labels, null, 0.0 if fault else p_value, scores_rows=True),
            Measurement("schema", schema, BetaBinomial(0, 100, rows), 0.9, scores_rows=True),
            Measurement("shift", Finding(1.23456789, "-log10 p"), null, 0.8),
        ),
        row_scores=scores,
        row_p_values=np.where(np.arange(rows) < rows - rare, 0.6, 1.23456e-5),
        row_checks=("labels",) * rows,
        trusted=150,
    )
    arrival = Arrival("vendor/w01", "w01.csv", SHA, rows, 2)
    verdict = judge(examination, AlarmParams(), ShiftParams())
    return ClearedBatch(arrival, Batch("vendor/w01", table, LAYOUT), examination, verdict, ruling=ruling)


def no_table() -> ClearedBatch:
    return ClearedBatch(
        Arrival("vendor/w01", "w01.csv", SHA, fault="w01.csv: the file is empty"), None, None, judge_unreadable()
    )


def ruled() -> Ruling:
    """A release, and a hold that it does not lift."""
    content = Decision(
        action="release", batch="vendor/w01", reviewer="Rita <rita@example.org>", reason="so", time="2026", binds=BOUND
    )
    release = DecisionFile(Path("data/decisions/vendor__w01.json"), content, "ef" * 32)
    return Ruling((release,), (Hold("source", "vendor is not listed"),))


OUTCOMES = {
    "accepted": cleared(),
    "partial": cleared(forbidden=2, rare=1),
    "quarantined": cleared(p_value=1e-30),
    "rule broken": cleared(breach="the batch lacks column 'b'"),
    "check failed": cleared(fault="ValueError: no neighbours"),
    "unreadable": no_table(),
    "ruled": cleared(forbidden=2, ruling=ruled()),
}


@pytest.fixture(params=OUTCOMES.keys())
def record(request: pytest.FixtureRequest) -> dict[str, Any]:
    return statement(OUTCOMES[request.param])


def statement(outcome: ClearedBatch) -> dict[str, Any]:
    """The record as it stands on disk."""
    return make_record(outcome, JUDGED_BY, UPSTREAM, OUTPUTS).to_statement()


def predicate(outcome: str) -> dict[str, Any]:
    return statement(OUTCOMES[outcome])["predicate"]


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


def require_refused(value: Any, place: str) -> None:
    """By the schema, for programs of other people, and by the one reader here."""
    assert not Draft202012Validator(SCHEMA).is_valid(value), f"the schema takes {place}"
    with pytest.raises(PratiqueError, match=r"^it: not a record of this version"):
        pytest.fail(f"the reader takes {place}: {Record.from_statement(value, 'it')}")


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_that_ships_is_that_of_the_reader():
    assert record_schema() == SCHEMA


def test_every_outcome_has_a_valid_record(record):
    Draft202012Validator(SCHEMA).validate(record)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_what_is_read_is_what_was_written(record):
    assert Record.from_statement(record, "it").to_statement() == record
    assert Record.parse(json.dumps(record).encode(), "it") == Record.from_statement(record, "it")


def test_a_record_is_read_from_the_file_that_it_is_written_to(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record = Record.from_statement(statement(OUTCOMES["ruled"]), "it")
    assert record.write() == record.path == Path("data/records/vendor/w01.json")
    assert Record.read(record.path) == record


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_record_binds_what_the_batch_that_it_is_of_binds(outcome):
    record = Record.from_statement(statement(OUTCOMES[outcome]), "it")
    assert Binding.of(record) == bind(OUTCOMES[outcome], JUDGED_BY)


@pytest.mark.parametrize("value", [None, [], {}, "record", 3, [{}]])
def test_what_is_no_statement_is_refused(value):
    require_refused(value, "it")


def test_what_was_refused_is_named():
    broken = statement(OUTCOMES["accepted"])
    broken["predicate"]["rows"]["accepted"] = "many"
    with pytest.raises(PratiqueError, match=r"^here\.json: not a record of this version, see rows/accepted"):
        Record.from_statement(broken, "here.json")


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
    one, other = (statement(cleared(forbidden=2)) for _ in range(2))
    assert json.dumps(one) == json.dumps(other)


def test_no_key_can_be_left_out(record):
    for place, value in list(objects(record)):
        for key in value:
            broken = copy.deepcopy(record)
            del at(broken, place)[key]
            require_refused(broken, f"{place}/{key}")


def test_no_unknown_key_can_be_added(record):
    for place, _ in list(objects(record)):
        broken = copy.deepcopy(record)
        at(broken, place)["remark"] = "trust me"
        require_refused(broken, place)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("/_type", "https://in-toto.io/Statement/v0.1"),
        ("/predicateType", "urn:pratique:batch-record:v2"),
        ("/subject", []),
        ("/subject", [{"name": "a.csv", "digest": {"sha256": SHA}}] * 2),
        ("/subject/0", None),
        ("/subject/0/name", ""),
        ("/subject/0/name", None),
        ("/subject/0/digest", SHA),
        ("/subject/0/digest/sha256", 7),
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
        ("/predicate/outputs/0/name", ""),
        ("/predicate/outputs/0/digest/sha256", ""),
        ("/predicate/outputs/0/digest", "cd" * 32),
        ("/predicate/outputs/0/mediaType", "parquet"),
        ("/predicate/outputs/0/mediaType", None),
        ("/predicate/sourceEntry/licence", None),
        ("/predicate/sourceEntry", "CC BY 4.0"),
        ("/predicate/predecessor", "vendor/w00"),
        ("/predicate/predecessor/digest/sha256", "0a"),
        ("/predicate/configuration/0/name", ""),
        ("/predicate/rows/quarantined", None),
        ("/predicate/suspects", {"shown": [], "left_out": 0}),
        ("/predicate/suspects/0/row", "0"),
        ("/predicate/suspects/0/reason", None),
        ("/predicate/suspectsLeftOut", -1),
        ("/predicate/budget/neededRows", -1),
        ("/predicate/budget/warning", None),
        ("/predicate/poisonedShare/estimate", 1.5),
        ("/predicate/decisions", [{"action": "release"}]),
        ("/predicate/holds", [{"code": "a code", "reason": "so"}]),
        ("/predicate/configuration", {"params": "1" * 64}),
        ("/predicate/tool/name", "other"),
    ],
)
def test_no_wrong_value_passes(place, value):
    broken = statement(OUTCOMES["partial"])
    above, key = place.rsplit("/", 1)
    parent = at(broken, above)
    parent[int(key) if isinstance(parent, list) else key] = value
    require_refused(broken, place)


def test_a_record_that_breaks_its_schema_is_not_written():
    with pytest.raises(ValidationError):
        make_record(OUTCOMES["accepted"], JUDGED_BY, UNKNOWN, [])


def test_an_accepted_batch():
    got = predicate("accepted")
    assert (got["result"], got["verdict"], got["reasonCodes"], got["fault"]) == ("PASSED", "accept", [], None)
    assert got["rows"] == {"accepted": 40, "quarantined": 0}
    assert got["pValue"] == round(1 - 0.5**3, 4)
    assert (got["suspects"], got["suspectsLeftOut"]) == ([], 0)
    (path, sha256), *_ = OUTPUTS
    parquet = {"mediaType": "application/vnd.apache.parquet"}
    assert got["outputs"] == [{"name": path, "digest": {"sha256": sha256}} | parquet]


def test_a_partial_batch():
    got = predicate("partial")
    assert (got["result"], got["verdict"], got["reasonCodes"]) == ("WARNED", "partial", [])
    assert got["rows"] == {"accepted": 37, "quarantined": 3}
    ruled_out = {"check": "schema", "pValue": None, "rule": "a: too large", "reason": "schema: a: too large"}
    words = "labels: fewer than 1 in 1,000 trusted rows have so unlikely a label"
    rare = {"check": "labels", "pValue": 1.235e-5, "rule": None, "reason": words}
    assert got["suspects"] == [{"row": 0} | ruled_out, {"row": 1} | ruled_out, {"row": 39} | rare]
    assert got["suspectsLeftOut"] == 0
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
        "columnsLeftOut": 0,
        "rowsLeftOut": 0,
    }
    assert check("accepted", "shift")["observed"] == 1.23457
    assert check("accepted", "shift")["limit"] == pytest.approx(2.71194, abs=1e-5)


def test_a_finding_says_whether_it_looks_at_rows():
    assert check("accepted", "labels")["level"] == "rows"
    assert check("accepted", "shift")["level"] == "batch"


def test_many_suspects_are_cut_and_counted():
    got = statement(cleared(forbidden=30))["predicate"]
    assert len(got["suspects"]) == MOST_EVIDENCE
    assert got["suspectsLeftOut"] == 30 - MOST_EVIDENCE
    assert Record.from_statement(statement(cleared(forbidden=30)), "it").suspect_count == 30
    assert got["rows"]["quarantined"] == 30


def test_what_a_batch_says_can_not_command_a_terminal():
    strange = "\x1b[31m\u202e"
    for outcome in (cleared(breach=f"column '{strange}'"), cleared(fault=f"ValueError: {strange}")):
        text = json.dumps(statement(outcome), ensure_ascii=False)
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
        {"name": "params", "digest": {"sha256": "1" * 64}},
        {"name": "profile", "digest": {"sha256": "2" * 64}},
        {"name": "code", "digest": {"sha256": "3" * 64}},
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
    assert {*UNBOUND} - first.digests.keys() == {"sources"}
    assert "shift.policy" in first.digests
    assert "schema" not in first.digests  # nothing is declared here
    assert first == Configuration.of(params.model_copy(update={"train": params.train.model_copy(update={"trees": 7})}))
    for name, change in {
        "alarms.per_1000_batches": {"alarms": AlarmParams(per_1000_batches=20)},
        "checks.labels": {"checks": {"labels": {"neighbours": 7}}},
        "shift.policy": {"shift": ShiftParams(policy="warn")},
        "seed": {"seed": 2},
    }.items():
        other = Configuration.of(params.model_copy(update=change))
        assert {key for key in first.digests if first.digests[key] != other.digests[key]} == {name}
    spelled = params.model_copy(update={"checks": {"labels": {"neighbours": 20}}})
    assert Configuration.of(spelled) == first  # a default that is written out is the same policy
    (tmp_path / "data/profile/profile.json").write_text("{ }", encoding="utf-8")
    assert Configuration.of(params).digests["profile"] != first.digests["profile"]


def test_the_inventory_of_sources_is_part_of_the_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/profile").mkdir(parents=True)
    (tmp_path / "data/profile/profile.json").write_text("{}", encoding="utf-8")
    (tmp_path / "data/sources.yaml").write_bytes(b"{}\n")
    digests = Configuration.of(Params(data={"label": "y"}, checks={"labels": {}})).digests
    assert digests["sources"] == hashlib.sha256(b"{}\n").hexdigest()


def test_a_record_says_where_its_batch_comes_from():
    got = predicate("accepted")
    assert got["sourceEntry"] == {
        "origin": "https://vendor.example/feed",
        "owner": "Vendor",
        "licence": "CC BY 4.0",
        "labels": "by hand",
    }
    assert got["predecessor"] == {"name": "data/incoming/vendor/w00.csv", "digest": {"sha256": "0a" * 32}}


def test_an_unlisted_source_and_a_first_batch_are_said_to_be_so():
    record = make_record(OUTCOMES["accepted"], JUDGED_BY, UNKNOWN, OUTPUTS)
    got = record.to_statement()["predicate"]
    assert (got["sourceEntry"], got["predecessor"]) == (None, None)
    Draft202012Validator(SCHEMA).validate(record.to_statement())
    assert Record.from_statement(record.to_statement(), "it").source_entry is None


def test_what_an_inventory_says_can_not_command_a_terminal():
    hostile = SOURCE.model_copy(update={"owner": "\x1b[31m\u202e", "labels": "<script>"})
    record = make_record(OUTCOMES["accepted"], JUDGED_BY, Upstream(hostile), OUTPUTS)
    assert record.source_entry.owner == "\\x1b[31m\\u202e"
    assert json.dumps(record.to_statement(), ensure_ascii=False).isprintable()


def test_the_subject_of_a_record_is_what_its_successor_names():
    first = make_record(OUTCOMES["accepted"], JUDGED_BY, UNKNOWN, OUTPUTS)
    second = make_record(OUTCOMES["accepted"], JUDGED_BY, Upstream(None, first.subject), OUTPUTS)
    assert second.to_statement()["predicate"]["predecessor"] == first.to_statement()["subject"][0]


def test_no_decision_binds_who_delivers_or_what_came_before():
    judged_by = Configuration(JUDGED_BY.digests | {"sources": "4" * 64}, seed=7)
    for outcome in OUTCOMES.values():
        one = make_record(outcome, JUDGED_BY, UPSTREAM, OUTPUTS)
        other = make_record(outcome, judged_by, UNKNOWN, OUTPUTS)
        assert Binding.of(one) == Binding.of(other) == bind(outcome, judged_by)


def test_the_ledger_follows_the_own_source_and_not_the_others():
    judged_by = Configuration(JUDGED_BY.digests | {"sources": "4" * 64}, seed=7)
    outcome = OUTCOMES["accepted"]
    first = essence(make_record(outcome, JUDGED_BY, UPSTREAM, OUTPUTS))
    assert essence(make_record(outcome, judged_by, UPSTREAM, OUTPUTS)) == first
    sold = Upstream(SOURCE.model_copy(update={"owner": "Other"}), UPSTREAM.predecessor)
    assert essence(make_record(outcome, JUDGED_BY, sold, OUTPUTS)) != first
    assert essence(make_record(outcome, JUDGED_BY, Upstream(SOURCE), OUTPUTS)) != first


def test_bytes_that_are_no_table_have_no_other_media_type():
    (kept,) = predicate("unreadable")["outputs"]
    assert kept["mediaType"] == "application/octet-stream"


def test_every_file_that_is_read_has_a_media_type():
    assert set(MEDIA_TYPES) == {*FORMATS, ""}  # a folder of parts has no suffix


def test_the_record_says_what_the_reference_is_worth():
    budget = predicate("partial")["budget"]
    warning = budget.pop("warning")
    assert budget == {"per1000Batches": 10, "achievablePer1000": 40.0, "trustedRows": 150, "neededRows": 600}
    assert warning == OUTCOMES["partial"].verdict.adequacy.warning
    assert warning.startswith("150 trusted rows are too few")
    assert predicate("unreadable")["budget"] is None


def test_what_people_and_policy_say():
    got = predicate("ruled")
    assert (got["verdict"], got["outcome"], got["reasonCodes"]) == ("partial", "quarantined", ["source"])
    assert got["holds"] == [{"code": "source", "reason": "vendor is not listed"}]
    assert got["decisions"] == [
        {
            "action": "release",
            "reviewer": "Rita <rita@example.org>",
            "reason": "so",
            "expires": None,
            "path": "data/decisions/vendor__w01.json",
            "sha256": "ef" * 32,
        }
    ]


def test_a_checked_file_is_told_by_its_broken_rules_alone_or_by_its_alarms():
    def told(outcome: ClearedBatch) -> str:
        (line,) = summary_lines("w01.csv", outcome.summary())
        return " ".join(line.split())

    assert told(OUTCOMES["rule broken"]) == "quarantine w01.csv the batch lacks column 'b'"
    assert told(OUTCOMES["quarantined"]).startswith("quarantine w01.csv labels, p = ")
    empty = replace(OUTCOMES["rule broken"].summary(), arrival=Arrival("vendor/w01", "w01.csv", SHA))
    assert " ".join(summary_lines("w01.csv", empty)[0].split()) == "quarantine w01.csv no rows"
