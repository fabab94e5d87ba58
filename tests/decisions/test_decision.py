"""Decisions: what they bind, what they refuse, and which of them count."""

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest
from pratique.core.documents import read_json
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.decisions.decision import (
    DECISION_PREDICATE,
    STATEMENT,
    binding,
    load_decisions,
    parse_decision,
    reject,
    release,
)
from pratique.quarantine.rulings import Rulebook
from pratique.quarantine.sources import load_inventory
from pratique.tables.arrival import Arrival

ROWS = "cd" * 32
RECORD = {
    "subject": [{"name": "data/incoming/vendor/w01.csv", "digest": {"sha256": "ab" * 32}}],
    "predicate": {
        "verdict": "quarantine",
        "fault": None,
        "tool": {"name": "pratique", "version": "1"},
        "batch": {"id": "vendor/w01", "rows": 10, "rowSetSha256": ROWS},
        "rows": {"accepted": 0, "quarantined": 10},
        "configuration": [
            {"name": "params", "sha256": "1" * 64},
            {"name": "profile", "sha256": "2" * 64},
            {"name": "code", "sha256": "3" * 64},
        ],
        "checks": [{"id": "labels", "success": False, "observed": 2.5, "limit": 1.5, "evidence": {}}],
    },
}
PARAMS = Params(data={"label": "y"}, checks={})


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Rita")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "Rita@example.org")
    monkeypatch.delenv("PRATIQUE_SIGNING_KEY", raising=False)
    write_record(RECORD)
    return tmp_path


def write_record(record):
    from pratique.core import paths
    from pratique.core.writing import write_json

    write_json(paths.RECORDS / "vendor/w01.json", record)


def changed(**parts):
    record = copy.deepcopy(RECORD)
    record["predicate"] |= parts
    return record


@pytest.fixture(autouse=True)
def any_record(monkeypatch):
    """The records here have the keys that decisions look at, and no others."""
    monkeypatch.setattr("pratique.decisions.decision.read_record", read_json)


def test_a_release_is_a_statement_that_binds_what_was_measured():
    path = release("vendor/w01", reason=" looked at it ", rows=[3, 1, 3])
    value = json.loads(path.read_text(encoding="utf-8"))
    assert (value["_type"], value["predicateType"]) == (STATEMENT, DECISION_PREDICATE)
    assert value["subject"] == RECORD["subject"]
    (decision,) = load_decisions()
    assert (decision.content.action, decision.content.rows, decision.content.reason) == (
        "release",
        (1, 3),
        "looked at it",
    )
    assert decision.content.binds == binding(RECORD)
    assert decision.reviewer == "rita@example.org"


def test_what_a_decision_binds_follows_bytes_limits_and_results_only():
    other_code = [*RECORD["predicate"]["configuration"][:2], {"name": "code", "sha256": "9" * 64}]
    assert binding(changed(configuration=other_code, verdict="accept", rows={})) == binding(RECORD)
    check = RECORD["predicate"]["checks"][0]
    assert binding(changed(checks=[check | {"observed": 2.500001, "limit": 1.500001}])) == binding(RECORD)
    for record in (
        changed(configuration=[{"name": "params", "sha256": "9" * 64}]),
        changed(checks=[check | {"success": True}]),
        changed(checks=[check | {"id": "losses"}]),
        RECORD | {"subject": [{"name": "x", "digest": {"sha256": "ac" * 32}}]},
    ):
        assert binding(record) != binding(RECORD)


def test_a_release_survives_an_upgrade_of_the_program():
    assert binding(changed(tool={"name": "pratique", "version": "99"})) == binding(RECORD)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"batch": "../w01"}, "not a batch's name"),
        ({"batch": "vendor/\x1b[31m"}, r"vendor/\\x1b\[31m"),
        ({"batch": "vendor/w02"}, "no record"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 3000}, "reason"),
        ({"rows": [10]}, "from 0 to 9"),
        ({"rows": [-1]}, "from 0 to 9"),
        ({"rows": []}, "from 0 to 9"),
        ({"expires": datetime.now(UTC).date() - timedelta(days=1)}, "is past"),
    ],
)
def test_a_release_that_makes_no_sense_is_refused(words, named):
    with pytest.raises(PratiqueError, match=named):
        release(words.pop("batch", "vendor/w01"), **({"reason": "because"} | words))
    assert load_decisions() == []


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (changed(fault="w01.csv: the file is empty"), "can't be read"),
        (changed(verdict="accept", rows={"accepted": 10, "quarantined": 0}), "nothing of it is held"),
    ],
)
def test_what_can_not_be_released_is_refused(record, named):
    write_record(record)
    with pytest.raises(PratiqueError, match=named):
        release("vendor/w01", reason="because")


def test_74_a_second_thought_replaces_the_first_and_two_people_never_collide(monkeypatch):
    first = release("vendor/w01", reason="fine")
    assert reject("vendor/w01", reason="not so fine") == first
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "tom@example.org")
    release("vendor/w01", reason="fine by me")
    decisions = load_decisions()
    assert sorted(decision.content.action for decision in decisions) == ["reject", "release"]
    ruling = Rulebook(decisions, {}, PARAMS).rule(
        Arrival("vendor/w01", "w01.csv", "ab" * 32, 10, 2), binding(RECORD), ROWS
    )
    assert (ruling.action, ruling.stops) == ("reject", True)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"release"', '"allow"', "predicate.action"),
        ('"reviewer"', '"sure": true, "reviewer"', "predicate.sure: unknown key"),
        ('"vendor/w01",\n    "rows"', '"../../w01",\n    "rows"', "predicate.batch"),
        (STATEMENT, "https://example.org", "_type"),
        (DECISION_PREDICATE, "urn:other", "predicateType"),
        ('"action"', '"action": "release", "action"', "appears more than once"),
        ("{", "[", "not JSON"),
    ],
)
def test_a_file_that_is_no_decision_is_named(old, new, named):
    path = release("vendor/w01", reason="because")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PratiqueError, match=f"{path}.*{named}"):
        load_decisions()


def rule(record=RECORD, rows=ROWS, batch="vendor/w01", inventory=None, **params):
    law = Rulebook(load_decisions(), inventory or {}, PARAMS.model_copy(update=params))
    return law.rule(Arrival(batch, "w01.csv", "ab" * 32, 10, 2), binding(record), rows)


def test_a_release_counts_for_what_it_binds_and_no_other():
    release("vendor/w01", reason="because", rows=[2, 5])
    assert rule().released(10).tolist() == [2, 5]
    assert rule(changed(checks=[])).action == ""
    assert rule(batch="vendor/w02").action == ""


def test_a_reject_holds_its_rows_under_any_name_and_any_limits():
    reject("vendor/w01", reason="flipped")
    assert rule(changed(checks=[])).action == "reject"
    again = rule(changed(checks=[]), batch="other/w09")
    assert (again.action, [hold.code for hold in again.holds], again.stops) == ("", ["resent"], True)
    assert not rule(rows="ef" * 32, batch="other/w09").stops


def test_a_folder_that_is_missing_or_empty_decides_nothing(here):
    assert load_decisions() == []
    (here / "data/decisions").mkdir()
    (here / "data/decisions/README.md").write_text("no decision")
    assert load_decisions() == []


def test_38_a_link_is_no_decision(here):
    path = release("vendor/w01", reason="because")
    target = here / "elsewhere.json"
    path.rename(target)
    path.symlink_to(target)
    with pytest.raises(PratiqueError, match="not a regular file"):
        load_decisions()


def test_a_decision_keeps_its_bytes_digest(here):
    path = release("vendor/w01", reason="because")
    decision = parse_decision(path, path.read_bytes())
    path.unlink()
    assert len(decision.sha256) == 64


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("east: {origin: o, owner: w, licence: l}", "east.labels"),
        ("east: {origin: o, owner: w, licence: l, labels: b, extra: x}", "east.extra"),
        ("east: {origin: o, owner: w, licence: l, labels: 3}", "east.labels"),
        ("- east", "valid dictionary"),
        ("east: {}\neast: {}", "duplicate key"),
    ],
)
def test_41_an_inventory_that_is_none_is_named(here, text, named):
    (here / "data/sources.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PratiqueError, match=named):
        load_inventory()


def test_no_is_a_source_like_any_other(here):
    (here / "data/sources.yaml").write_text("NO: {origin: o, owner: w, licence: l, labels: b}", encoding="utf-8")
    assert list(load_inventory()) == ["NO"]
