"""The ledger: append-only, idempotent, and no change of it goes unnoticed."""

import pytest
from pratique.contract.evidence import Evidence
from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.decisions import ledger
from pratique.decisions.ledger import GENESIS, append, latest, parse, read, require_prefix
from pratique.provenance import git
from pratique.provenance.parts import Tool
from pydantic import ValidationError


@pytest.fixture
def record(make_record, alarm):
    def make(batch, verdict="accept", code="1", evidence=0.5):
        record = make_record(
            batch=batch,
            verdict=verdict,
            outcome="accepted" if verdict == "accept" else "quarantined",
            configuration={"params": "2" * 64, "profile": code * 64, "code": code * 64},
            checks=(alarm(evidence=Evidence(notes={"worst": evidence})),),
        )
        return record.model_copy(update={"tool": Tool(version=code, seed=0)})

    return make


def complaint(data):
    """What is said about a ledger; nothing where all is well."""
    try:
        parse(data, "ledger")
    except PratiqueError as error:
        return str(error)
    return ""


@pytest.fixture
def path(tmp_path, record):
    place = tmp_path / "ledger.jsonl"
    append([record("a/1"), record("a/2"), record("b/1", "quarantine")], place)
    return place


def test_the_chain_starts_from_nothing_and_each_line_names_the_one_before(path):
    entries = read(path)
    assert [entry.index for entry in entries] == [0, 1, 2]
    assert [entry.previous for entry in entries] == [GENESIS, entries[0].sha256, entries[1].sha256]
    assert latest(entries)["b/1"].outcome == "quarantined"


def test_a_rerun_adds_nothing_and_what_a_machine_says_of_itself_is_no_news(path, record):
    before = path.read_bytes()
    append([record("b/1", "quarantine", code="7"), record("a/2", code="8"), record("a/1")], path)
    assert path.read_bytes() == before


def test_a_result_that_changed_is_appended_and_nothing_is_rewritten(path, record):
    before = path.read_bytes()
    append([record("a/1", evidence=0.6)], path)
    append([record("a/1")], path)  # back again: that, too, is history
    assert path.read_bytes().startswith(before)
    assert [entry.batch for entry in read(path)] == ["a/1", "a/2", "b/1", "a/1", "a/1"]


def test_44_every_flip_of_every_byte_is_found_and_the_first_bad_entry_named(path):
    data = path.read_bytes()
    starts = [0, *(i + 1 for i, byte in enumerate(data) if byte == ord("\n"))]
    missed = []
    for i in range(len(data)):
        for flip in (1, 0x20, 0x80):
            bad = bytearray(data)
            bad[i] ^= flip
            entry = sum(start <= i for start in starts) - 1
            if f"entry {entry}:" not in complaint(bytes(bad)):  # a line end that is gone spoils the line before it
                missed.append((i, flip))
    assert missed == []


def test_44_removed_moved_and_repeated_lines_are_found(path):
    lines = path.read_bytes().splitlines(keepends=True)
    for bad, index in (
        ([lines[1], lines[2]], 0),
        ([lines[0], lines[2]], 1),
        ([lines[0], lines[2], lines[1]], 1),
        ([lines[0], lines[0], lines[1]], 1),
        ([*lines[:2], lines[2][:-1]], 2),
    ):
        with pytest.raises(PratiqueError, match=f"entry {index}:"):
            parse(b"".join(bad), "ledger")


def test_45_a_ledger_that_was_rolled_back_or_rewritten_does_not_continue_the_base(path, tmp_path, record):
    base = read(path)
    other = tmp_path / "other.jsonl"
    append([record("a/1"), record("a/2", "quarantine")], other)  # a sound chain of its own
    with pytest.raises(PratiqueError, match="entry 1: not the one that the base has"):
        require_prefix(read(other), base, "ledger")
    with pytest.raises(PratiqueError, match="entry 1: missing, the base has 3 entries"):
        require_prefix(base[:1], base, "ledger")
    require_prefix(base, base[:2], "ledger")
    require_prefix(base, [], "ledger")


def test_whatever_order_records_come_in_the_ledger_is_the_same(tmp_path, record):
    """The gate reads them by path, where `w1-a.json` comes before `w1.json`; a run by batch."""
    records = [record("a/w10"), record("a/w1-a"), record("a/w1")]
    append(records, tmp_path / "one.jsonl")
    append(reversed(records), tmp_path / "other.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "other.jsonl").read_bytes()
    assert [entry.batch for entry in read(tmp_path / "one.jsonl")] == ["a/w1", "a/w1-a", "a/w10"]


def test_nothing_is_appended_to_a_ledger_that_was_changed(path, record):
    path.write_bytes(path.read_bytes().replace(b"quarantine", b"accept"))
    with pytest.raises(PratiqueError, match="entry 2: changed after it was written"):
        append([record("c/1")], path)


@pytest.mark.parametrize("name", ["a/\u2028\n", "a/..", "a/b/c", "a/ b"])
def test_no_entry_is_about_what_can_be_no_batch(record, name):
    with pytest.raises(ValidationError):
        record(name)


def test_a_ledger_of_a_newer_version_is_said_to_be_one(path):
    lines = path.read_text().splitlines(keepends=True)
    newer = lines[-1].replace('{"index"', '{"version":2,"index"')
    with pytest.raises(PratiqueError, match="entry 2: written by a newer version of Pratique; install that one"):
        ledger.parse("".join([*lines[:-1], newer]).encode(), "it")


@pytest.fixture
def committed(tmp_path, monkeypatch, record):
    """A repository whose commit has a ledger of two entries."""
    monkeypatch.chdir(tmp_path)
    ledger.append([record("a/b"), record("c/d")])
    for words in ("init -q", "add data", "-c user.name=R -c user.email=r@example.org commit -q -m all"):
        git.run(*words.split())
    return paths.LEDGER


@pytest.mark.parametrize("keep", [None, 0, 1, "other"])
def test_a_ledger_that_does_not_begin_with_the_committed_one_is_refused(committed, record, keep):
    assert len(ledger.read_continued()) == 2
    lines = committed.read_bytes().splitlines(keepends=True)
    committed.unlink()
    if keep == "other":
        ledger.append([record("x/y"), record("c/d"), record("e/f")])
    elif keep is not None:
        committed.write_bytes(b"".join(lines[:keep]))
    with pytest.raises(PratiqueError, match=r"data/ledger\.jsonl: does not begin with all entries of the checked-out"):
        ledger.read_continued()


def test_a_ledger_that_continues_the_committed_one_is_read(committed, record):
    ledger.append([record("e/f")])
    assert [entry.batch for entry in ledger.read_continued()] == ["a/b", "c/d", "e/f"]


def test_without_a_commit_a_ledger_is_read_as_it_is(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    assert ledger.read_continued() == []
