"""Decisions: what they bind, what they refuse, and which of them count."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.core.review_params import ReviewParams
from pratique.core.writing import write_json
from pratique.decisions.binding import UNBOUND, Binding
from pratique.decisions.deciding import read_record, reject, release, withdraw
from pratique.decisions.decision import DECISION_PREDICATE, load_decisions, parse_decision
from pratique.decisions.pending import describe_pending, list_pending, tell_effect
from pratique.decisions.renewal import list_void
from pratique.provenance.parts import Tool, UncountedRecord
from pratique.provenance.record import STATEMENT
from pratique.quarantine.rulings import Rulebook
from pratique.quarantine.sources import load_inventory
from pratique.tables.arrival import Arrival

ROWS = "cd" * 32
CONFIGURATION = {"seed": "1" * 64, "reference": "4" * 64, "profile": "2" * 64, "code": "3" * 64}
PARAMS = Params(data={"label": "y"}, checks={}, review={"identity": "claims"})


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, records_listed):
    monkeypatch.chdir(tmp_path)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Rita")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "Rita@example.org")
    monkeypatch.delenv("PRATIQUE_SIGNING_KEY", raising=False)
    return tmp_path


@pytest.fixture
def record_with(make_record, alarm):
    """A record of a held batch of 10 rows, changed in parts."""
    checks = (alarm("labels", observed=2.5, limit=1.5),)
    held = {"batch": "vendor/w01", "rows": 10, "configuration": CONFIGURATION, "checks": checks}

    def make(**parts):
        record = make_record(**held | parts)
        return record.model_copy(update={"facts": record.facts.model_copy(update={"row_set_sha256": ROWS})})

    return make


@pytest.fixture(autouse=True)
def record(record_with, here):
    """It is where the pipeline would have written it."""
    record = record_with()
    record.write()
    return record


def test_a_release_is_a_statement_that_binds_what_was_measured(record):
    path = release("vendor/w01", reason=" looked at it ", rows=[3, 1, 3])
    value = json.loads(path.read_text(encoding="utf-8"))
    assert (value["_type"], value["predicateType"]) == (STATEMENT, DECISION_PREDICATE)
    assert value["subject"] == record.to_statement()["subject"]
    (decision,) = load_decisions()
    assert (decision.content.action, decision.content.rows, decision.content.reason) == (
        "release",
        (1, 3),
        "looked at it",
    )
    assert decision.content.binds == Binding.of(record)
    assert decision.content.rowSet == ROWS
    assert decision.reviewer == "rita@example.org"


def test_what_a_decision_binds_follows_bytes_limits_and_results_only(record, record_with, alarm):
    limits = record.digests
    for same in (
        record_with(configuration=limits | {"profile": "9" * 64, "code": "9" * 64}),
        record_with(configuration=dict(reversed(limits.items()))),
        record_with(verdict="accept", outcome="accepted", alarms=(), p_value=0.5),
        record_with(checks=(alarm("labels", observed=2.500001, limit=1.500001, p_value=1e-8),)),
    ):
        assert same != record
        assert Binding.of(same) == Binding.of(record)
    for other in (
        record_with(configuration=limits | {"seed": "9" * 64}),
        record_with(configuration=limits | {"suite": "9" * 64}),
        record_with(configuration={}),
        record_with(checks=(alarm("labels", alarm=False),)),
        record_with(checks=(alarm("losses"),)),
        record_with(checks=(alarm("labels"), alarm("losses"))),
        record_with(sha256="ac" * 32),
    ):
        assert Binding.of(other) != Binding.of(record)


def test_a_release_survives_an_upgrade_of_the_program(record):
    newer = record.model_copy(update={"tool": Tool(version="99", seed=0)})
    assert newer != record
    assert Binding.of(newer) == Binding.of(record)


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
    ("parts", "named"),
    [
        ({"fault": "w01.csv: the file is empty"}, "can't be read"),
        ({"verdict": "accept", "outcome": "accepted", "held_rows": 0}, "nothing of it is held"),
    ],
)
def test_what_can_not_be_released_is_refused(record_with, parts, named):
    record_with(**parts).write()
    with pytest.raises(PratiqueError, match=named):
        release("vendor/w01", reason="because")
    assert load_decisions() == []


def test_a_record_of_another_version_can_not_be_decided_about(record, list_written):
    assert read_record("vendor/w01") == record
    statement = record.to_statement()
    statement["predicate"]["promise"] = statement["predicate"].pop("budget")
    write_json(record.path, statement)
    list_written()
    for decide in (release, reject):
        with pytest.raises(PratiqueError, match=r"vendor/w01\.json: not a record of this version.* run `dvc repro`"):
            decide("vendor/w01", reason="because")
    assert load_decisions() == []


def test_74_a_second_thought_replaces_the_first_and_two_people_never_collide(monkeypatch, record):
    first = release("vendor/w01", reason="fine")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "tom@example.org")
    release("vendor/w01", reason="fine by me")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "rita@example.org")
    assert reject("vendor/w01", reason="not so fine") == first
    decisions = load_decisions()
    assert sorted(decision.content.action for decision in decisions) == ["reject", "release"]
    ruling = rule(record)
    assert (ruling.action, ruling.stops) == ("reject", True)
    (uncounted,) = ruling.uncounted
    assert uncounted.decision.reviewer == "tom@example.org"
    assert uncounted.why == "does not count: Rita <rita@example.org> rejected the batch"


def test_a_release_that_a_colleague_s_reject_beats_is_refused_at_once(here, monkeypatch, record_with):
    (here / "params.yaml").write_text("data: {label: y}\nchecks: {}\nreview: {identity: claims}\n", encoding="utf-8")
    reject("vendor/w01", reason="flipped")
    release("vendor/w01", reason="a second thought of one's own")
    reject("vendor/w01", reason="flipped after all")
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "tom@example.org")
    with pytest.raises(PratiqueError, match=r"Rita <Rita@example.org> rejected this batch, and a reject beats any"):
        release("vendor/w01", reason="fine by me")
    record_with(sha256="ac" * 32).write()  # other bytes, but the same rows
    with pytest.raises(PratiqueError, match="rejected this batch"):
        release("vendor/w01", reason="fine by me")


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"configuration": CONFIGURATION | {"shift.policy": "9" * 64}}, "shift.policy changed"),
        ({"configuration": CONFIGURATION | {"reference": "9" * 64}}, "the reference changed"),
        ({"configuration": CONFIGURATION | {"schema": "9" * 64}}, "expectations/schema.yaml changed"),
        ({"configuration": CONFIGURATION | dict.fromkeys(UNBOUND, "9" * 64)}, ""),
        ({"sha256": "ac" * 32}, "the batch's bytes changed"),
    ],
)
def test_a_void_release_says_what_changed(record_with, parts, said):
    release("vendor/w01", reason="because")
    uncounted = [each.why for each in rule(record_with(**parts)).uncounted]
    assert uncounted == ([f"no longer counts: {said}"] if said else [])


def test_a_void_release_says_which_checks_pass_otherwise(record_with, alarm):
    release("vendor/w01", reason="because")
    (uncounted,) = rule(record_with(checks=(alarm("labels", alarm=False), alarm("losses")))).uncounted
    assert uncounted.why == "no longer counts: its check `labels` passes now, its check `losses` is new"


def test_many_changes_are_counted(record_with):
    release("vendor/w01", reason="because")
    others = {f"checks.{name}": "9" * 64 for name in "abcdef"}
    (uncounted,) = rule(record_with(configuration=CONFIGURATION | others)).uncounted
    assert uncounted.why.endswith("checks.d changed, and 2 more")


def test_one_of_two_releases_is_said_to_wait(monkeypatch, record):
    release("vendor/w01", reason="fine")
    two = {"review": ReviewParams(identity="claims", reviewers=2)}
    ruling = rule(record, **two)
    assert [each.why for each in ruling.uncounted] == ["waits for others: 1 of 2 releases"]
    assert ruling.action == ""
    monkeypatch.setenv("GIT_COMMITTER_EMAIL", "tom@example.org")
    release("vendor/w01", reason="fine by me")
    ruling = rule(record, **two)
    assert (ruling.action, len(ruling.decisions), ruling.uncounted) == ("release", 2, ())


def test_an_unsigned_decision_is_said_to_have_no_effect(record):
    release("vendor/w01", reason="fine")
    (uncounted,) = rule(record, review=ReviewParams(identity="signature")).uncounted
    assert uncounted.why.startswith("is not signed with a key")


def test_confirming_makes_a_void_release_again_for_what_is_there_now(record, record_with):
    release("vendor/w01", reason="because", rows=[2, 5])
    assert list_void() == []
    now = record_with(configuration=CONFIGURATION | {"shift.policy": "9" * 64})
    now.write()
    (void,) = list_void()
    assert (void.changes, void.obstacle) == ("shift.policy changed", "")
    void.confirm()
    assert list_void() == []
    assert rule(now).list_released(10).tolist() == [2, 5]
    (decision,) = load_decisions()
    assert decision.content.reason == "because"


@pytest.mark.parametrize(
    ("parts", "obstacle"),
    [
        ({"sha256": "ac" * 32}, "these are other bytes"),
        ({"checks": (), "verdict": "accept", "outcome": "accepted", "held_rows": 0}, "it needs no release"),
    ],
)
def test_what_can_not_be_confirmed_says_why(record_with, parts, obstacle):
    release("vendor/w01", reason="because")
    record_with(**parts).write()
    (void,) = list_void()
    assert obstacle in void.obstacle
    with pytest.raises(PratiqueError, match=obstacle):
        void.confirm()


def test_what_was_decided_since_the_run_waits_for_the_next(record, record_with):
    path = release("vendor/w01", reason="because")
    ((decision, about),) = list_pending()
    assert describe_pending(decision, about, PARAMS).endswith("waits for the next `dvc repro`")
    assert tell_effect(decision, about, PARAMS) == "release, with the next dvc repro"
    strict = PARAMS.model_copy(update={"review": ReviewParams()})
    assert "is not signed" in describe_pending(decision, about, strict)
    assert tell_effect(decision, about, strict) == "release, which does not count"
    void = UncountedRecord(action="release", reviewer="R", why="waits", path=path.as_posix(), sha256=decision.sha256)
    record_with(uncounted=(void,)).write()
    assert list_pending() == []
    withdraw("vendor/w01", reason="a second thought")
    assert [decision.content.action for decision, _ in list_pending()] == ["withdraw"]
    record.write()
    assert list_pending() == []


def test_the_subject_of_a_decision_is_what_it_binds():
    path = release("vendor/w01", reason="because")
    path.write_text(path.read_text(encoding="utf-8").replace("ab" * 32, "ac" * 32, 1), encoding="utf-8")
    with pytest.raises(PratiqueError, match="binds other bytes than those of its subject"):
        load_decisions()


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


def rule(record, rows=ROWS, batch="vendor/w01", inventory=None, **params):
    law = Rulebook(load_decisions(), inventory or {}, PARAMS.model_copy(update=params))
    return law.rule(Arrival(batch, "w01.csv", "ab" * 32, 10, 2), Binding.of(record), rows)


def test_a_release_counts_for_what_it_binds_and_no_other(record, record_with):
    release("vendor/w01", reason="because", rows=[2, 5])
    assert rule(record).list_released(10).tolist() == [2, 5]
    assert rule(record_with(checks=())).action == ""
    assert rule(record, batch="vendor/w02").action == ""


def test_a_reject_holds_its_rows_under_any_name_and_any_limits(record, record_with):
    reject("vendor/w01", reason="flipped")
    assert rule(record_with(checks=())).action == "reject"
    again = rule(record_with(checks=()), batch="other/w09")
    assert (again.action, [hold.code for hold in again.holds], again.stops) == ("", ["resent"], True)
    assert not rule(record, rows="ef" * 32, batch="other/w09").stops


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
