"""Erasing with real git and DVC: what goes, what is said, and what the gate lets in."""

import json

import pytest

pytestmark = pytest.mark.slow
THIRD, LINES = "data/incoming/east/third.csv", "data/erasures.jsonl"
CELL = "987654.3"
REASON = ("--reason", "asked for in letter 12")
MADE = (
    "data/batches",
    "data/accepted",
    "data/quarantine",
    "data/records",
    "data/reports/batches",
    "data/.cache/cleared",
)


@pytest.fixture
def held(change, make_rows):
    """Main holds a third batch, of which one row is held for a cell like no other; Rita works on a branch."""
    change.ok("git", "switch", "-q", "main")
    frame = make_rows(40, seed=5)
    frame.loc[3, "size"] = float(CELL)
    change.bring(frame, "east/third.csv")
    change.stages("ingest", "validate", "train", "evaluate")
    change.ok("dvc", "commit", "-q", "-f", "ingest", "validate", "train", "evaluate")
    change.by("mia").commit()
    change.ok("git", "switch", "-q", "-C", "change")
    assert change.line("east/third")["verdict"] == "partial"
    return change.by("rita")


def rerun(change):
    change.stages("calibrate", "ingest", "validate", "train", "evaluate")
    change.ok("dvc", "commit", "-q", "-f", "calibrate", "ingest", "validate", "train", "evaluate")
    change.commit()


def test_rows_go_and_a_line_says_so(held):
    whole = (held.root / THIRD).read_text(encoding="utf-8").splitlines(keepends=True)
    others = [path for path in held.contents(*MADE) if "third" not in path]
    assert held.pratique("erase", "east/third", "--rows", "3", *REASON, "--dry-run").code == 0
    assert held.ok("git", "status", "--porcelain") == ""
    done = held.pratique("erase", "east/third", "--rows", "3", *REASON)
    assert done.code == 0, done
    assert "The model here (logistic_regression, sha256 " in done.out
    assert "git's history, DVC's cache and every remote and clone still hold what was erased." in done.out
    assert (held.root / THIRD).read_text(encoding="utf-8") == "".join(whole[:4] + whole[5:])
    left = held.contents(*MADE)
    assert not [path for path in left if "third" in path]
    assert set(left) >= {path for path in others if ".cache" not in path}
    assert not [path for path, data in held.contents("data").items() if CELL.encode() in data]
    assert CELL not in (held.root / LINES).read_text(encoding="utf-8")

    assert "erased on " in held.pratique("trace", "east/third").out
    told = held.pratique("verify").out
    assert f"{THIRD}: erased on " in told
    assert "commit what `pratique erase` changed, then `dvc repro`" in told
    held.commit()
    done = held.gate()
    assert done.code == 0, done
    assert "which was accepted; erased on " in done.out
    rerun(held)
    done = held.pratique("verify")
    assert done.code == 0, done
    assert "  east/third: erased on " in done.out
    assert held.pratique("trace", "east/third").out.count("\n") > 3  # of what is left there is more to tell


def test_a_whole_batch_goes_and_is_not_called_missing(held):
    done = held.pratique("erase", "east/third", *REASON)
    assert done.code == 0, done
    assert not (held.root / THIRD).exists()
    said = held.pratique("trace", "east/third").out
    assert said.startswith("east/third: erased on ")
    assert said.endswith(", all of it, by Rita <rita@example.org>: asked for in letter 12\n")
    held.commit()
    assert held.gate().code == 0
    rerun(held)
    done = held.pratique("verify")
    assert done.code == 0, done
    assert held.pratique("trace", "east/third").out == said
    assert said in held.pratique("recall", "east").out
    held.ok("git", "checkout", "-q", "main", "--", THIRD)
    assert "it is here again as it was before that" in held.pratique("verify").out


def test_the_gate_takes_a_line_for_what_the_change_does_alone(held):
    """Not of somebody who is no reviewer, not about other bytes, not with other bytes left, and never one less."""
    before = (held.root / THIRD).read_bytes()
    assert held.pratique("erase", "east/third", "--rows", "3", *REASON).code == 0
    held.commit()
    erased = (held.root / THIRD).read_bytes()
    (held.root / THIRD).write_bytes(erased + before.splitlines(keepends=True)[1])
    held.commit()
    refused = held.refused()
    assert refused[LINES] == "line 1: does not fit what the change does to east/third"
    assert refused[THIRD] == "replaces east/third, which was accepted, and nobody rejected it"

    (held.root / THIRD).write_bytes(before)
    held.commit()
    assert held.refused() == {LINES: "line 1: does not fit what the change does to east/third"}

    (held.root / LINES).unlink()
    assert held.by("mia").pratique("erase", "east/third", "--rows", "3", *REASON).code == 0
    held.commit()
    refused = held.refused()
    assert refused[LINES] == "line 1: not signed with a key that the base lists for its reviewer"
    assert refused[THIRD] == "replaces east/third, which was accepted, and nobody rejected it"


def test_without_keys_a_line_lets_nothing_go(held):
    """Anybody may write a name: accepted rows leave by a reject that is in the base."""
    held.policy("params.yaml", "identity: signature", "identity: claims")
    assert held.pratique("erase", "east/third", *REASON).code == 0
    held.commit()
    assert held.refused() == {THIRD: "takes away east/third, which was accepted, and nobody rejected it"}


def test_what_dvc_keeps_is_erased_where_its_pointer_is_told(held):
    held.ok("git", "switch", "-q", "main")
    held.ok("git", "rm", "-q", "--cached", THIRD)
    held.ok("dvc", "add", "-q", THIRD)
    held.by("mia").commit()
    held.ok("git", "switch", "-q", "-C", "change")
    done = held.pratique("erase", "east/third", "--rows", "3", *REASON)
    assert f"Next: dvc add {THIRD}" in done.out
    held.ok("dvc", "add", "-q", THIRD)
    held.commit()
    done = held.gate()
    assert done.code == 0, done
    assert f"Next: dvc remove {THIRD}.dvc" in held.pratique("erase", "east/third", *REASON).out
    held.ok("dvc", "remove", "-q", f"{THIRD}.dvc")
    held.commit()
    done = held.gate()
    assert done.code == 0, done


def test_rows_of_an_id_go_from_every_batch_and_old_batches_by_their_day(held):
    held.edit("params.yaml", "id: null", "id: age")
    age = (held.root / THIRD).read_text(encoding="utf-8").splitlines()[1].split(",")[2]
    done = held.pratique("erase", "--id", age, *REASON)
    assert done.code == 0, done
    lines = [json.loads(line) for line in (held.root / LINES).read_text(encoding="utf-8").splitlines()]
    assert lines
    for name in ("data/incoming/east/first.csv", THIRD):
        ages = [line.split(",")[2] for line in (held.root / name).read_text(encoding="utf-8").splitlines()]
        assert age not in ages

    assert "no batch of data/incoming that long" in held.pratique("erase", "--before", "2001-01-01", *REASON).complaint
    done = held.pratique("erase", "--before", "2999-01-01", *REASON, "--dry-run")
    assert "east/first" in done.out
    assert "which goes" in done.out
    for words in (
        (),
        ("east/first", "--before", "2999-01-01"),
        ("--rows", "3"),
        ("east/first", "--rows", "1", "--id", "3"),
    ):
        assert held.pratique("erase", *words, *REASON).complaint.startswith("expected BATCH")
    assert "no batch of data/incoming" in held.pratique("erase", "east/none", *REASON).complaint
