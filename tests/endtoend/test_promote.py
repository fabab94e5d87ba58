"""Promoting batches with real git and DVC: what moves, what is refused, and what the gate lets in."""

import errno
import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def ready(change, make_rows):
    """Main holds a third batch of which two rows are held, and its promotion may take half of the reference."""
    change.ok("git", "switch", "-q", "main")
    change.edit("params.yaml", "train:", "promote: {max_source_share: 0.5}\n\ntrain:")
    frame = make_rows(40, seed=5)
    frame.loc[[3, 7], "size"] = 1e6
    change.bring(frame, "east/third.csv")
    change.stages("ingest", "validate", "train", "evaluate")
    change.ok("dvc", "commit", "-q", "-f", "ingest", "validate", "train", "evaluate")
    change.by("mia").commit()
    change.ok("git", "switch", "-q", "-C", "change")
    return change


def test_a_partial_batch_becomes_trusted_rows_and_the_gate_lets_exactly_that_in(ready):
    before, original = sha256_of(ready.root / "data/incoming/east/third.csv"), "data/promoted/east/third.csv"
    assert ready.line("east/third")["verdict"] == "partial"
    shown = ready.pratique("promote", "east/third", "--dry-run").out
    assert "east/third: 38 rows to data/reference/east--third.parquet; 2 held rows left out" in shown
    assert "east: 16.0% of the reference after that" in shown
    assert ready.ok("git", "status", "--porcelain") == ""

    ready.pratique("promote", "east/third")
    said = json.loads((ready.root / "data/promoted/east/third.json").read_text(encoding="utf-8"))
    assert (said["rows"], said["held"], said["original"]["digest"]["sha256"]) == (38, [3, 7], before)
    assert sha256_of(ready.root / original) == before  # every byte that came in is still there
    trusted = pd.read_parquet(ready.root / "data/reference/east--third.parquet")
    came = pd.read_csv(ready.root / original, dtype=str).drop(index=[3, 7]).reset_index(drop=True)
    pd.testing.assert_frame_equal(trusted, came)
    ready.commit()
    done = ready.gate(submitter="")
    assert done.code == 0, done
    assert "promotes east/third: 38 rows to the reference" in done.out

    ready.stages("calibrate", "ingest", "validate", "train", "evaluate")
    assert not (ready.root / "data/accepted/east/third.parquet").exists()  # nothing trains twice
    ready.ok("dvc", "commit", "-q", "-f", "calibrate", "ingest", "validate", "train", "evaluate")
    ready.commit()
    done = ready.pratique("verify")
    assert done.code == 0, done
    assert "promoted, 38 rows to data/reference/east--third.parquet" in ready.pratique("trace", "east/third").out
    assert "east/third: promoted" in ready.pratique("recall", "east").out
    (ready.root / original).write_text("size\n1\n", encoding="utf-8")
    assert f"{original}: not the file that data/promoted/east/third.json names" in ready.pratique("verify").out


def test_what_is_not_exactly_a_promotion_is_refused(ready, clean):
    """A row more among the trusted ones, a batch beside it, an edit of what was trusted, a file that is missing."""
    ready.pratique("promote", "east/third")
    ready.commit()
    place, start = "data/reference/east--third.parquet", ready.ok("git", "rev-parse", "HEAD").strip()

    def refuse(change):
        change()
        ready.commit()
        found = ready.refused()
        ready.ok("git", "reset", "-q", "--hard", start)
        return found

    def poison():
        frame = pd.read_parquet(ready.root / place)
        frame.loc[0, "y"] = "low" if frame.loc[0, "y"] != "low" else "high"
        frame.to_parquet(ready.root / place, index=False)

    assert refuse(poison) == {place: "not what the gate promotes"}
    assert refuse(lambda: ready.bring(clean, "east/new.csv")) == {
        "data/incoming/east/new.csv": "comes together with a promotion"
    }
    assert refuse(lambda: ready.edit("params.yaml", "rows_fdr: 0.05", "rows_fdr: 0.04")) == {
        "params.yaml": "comes together with a promotion"
    }
    (trusted,) = (path for path in (ready.root / "data/reference").glob("*.csv"))
    name = str(trusted.relative_to(ready.root))
    text = trusted.read_text(encoding="utf-8")
    edited = lambda: trusted.write_text(text.replace("disc", "rod", 1), encoding="utf-8")  # noqa: E731
    assert refuse(edited) == {name: "is edited together with a promotion"}
    missing = ready.root / "data/promoted/east/third.csv"
    assert refuse(missing.unlink) == {"data/promoted/east/third.csv": "is missing: it is part of the promotion"}
    assert ready.gate().code == 0


def test_what_may_not_be_promoted_is_said(ready, flipped):
    assert "no record" in ready.pratique("promote", "east/none").complaint
    done = ready.pratique("promote", "east/first", "east/third", "west/second")
    assert "would be empty; leave at least one batch" in done.complaint
    ready.edit("params.yaml", "max_source_share: 0.5", "max_source_share: 0.1")
    assert "east: would be 16% of the reference, promote.max_source_share is 10%" in " ".join(
        ready.pratique("promote", "east/third").complaint.split()
    )
    ready.bring(flipped, "east/bad.csv")
    ready.stages("ingest", "validate")
    assert "is quarantined" in ready.pratique("promote", "east/bad").complaint
    ready.by("rita").pratique("review", "release", "east/bad", "--reason", "looked at it")
    assert "is quarantined" in ready.pratique("promote", "east/bad").complaint
    ready.edit("params.yaml", "max_source_share: 0.1", "max_source_share: 0.5")
    ready.stages("validate")
    shown = ready.pratique("promote", "east/bad", "--dry-run").out
    assert "  released by Rita <rita@example.org> (looked at it) against: 16 of 40 labels contradict" in shown
    ready.bring(flipped, "east/third.csv")
    assert "not the file that was judged" in ready.pratique("promote", "east/third").complaint


def test_a_reference_that_dvc_keeps_is_promoted_to_as_well(ready):
    ready.ok("git", "rm", "-q", "-r", "--cached", "data/reference", "data/incoming/east")
    ready.ok("dvc", "add", "-q", "data/reference", "data/incoming/east")
    ready.by("mia").commit()
    ready.ok("git", "branch", "-q", "-f", "main")
    shown = ready.pratique("promote", "east/third").out
    assert "Next: dvc add data/incoming/east" in shown
    assert "Next: dvc add data/reference" in shown
    ready.ok("dvc", "add", "-q", "data/reference", "data/incoming/east", "data/promoted/east/third.csv")
    ready.commit()
    done = ready.gate(submitter="")
    assert done.code == 0, done


def test_what_was_said_of_a_promotion_counts_where_a_pointer_stands_for_it(ready):
    """Rows of one source stay below its share whatever keeps the files that count them."""
    said = "data/promoted/east/third.json"
    ready.policy("params.yaml", "max_source_share: 0.5", "max_source_share: 0.2")
    ready.ok("git", "rebase", "-q", "main")
    ready.pratique("promote", "east/third")
    ready.ok("dvc", "add", "-q", said)
    ready.commit()
    assert ready.gate(submitter="").code == 0
    ready.stages("calibrate", "ingest", "validate")
    ready.commit()
    ready.ok("git", "branch", "-q", "-f", "main")
    ready.edit("params.yaml", "max_source_share: 0.2", "max_source_share: 0.5")
    assert "28.1% of the reference" in ready.pratique("promote", "east/first").out
    ready.edit("params.yaml", "max_source_share: 0.5", "max_source_share: 0.2")
    ready.commit()
    assert "east: would be 28% of the reference" in ready.refused()["data/promoted"]


def test_a_promotion_is_said_and_kept_byte_for_byte(ready):
    """Numbers of another type are equal to Python, and stop every command that reads them after the merge."""
    ready.pratique("promote", "east/third")
    said = ready.path("data/promoted/east/third.json")
    text = said.read_text(encoding="utf-8")
    assert '"rows": 38,' in text
    said.write_text(text.replace('"rows": 38,', '"rows": 38.0,'), encoding="utf-8")
    ready.commit()
    assert ready.refused() == {"data/promoted/east/third.json": "not what the gate promotes"}
    original = ready.path("data/promoted/east/third.csv")
    said.write_text(text, encoding="utf-8")
    original.write_bytes(original.read_bytes().replace(b"\n", b"\r\n"))
    ready.commit()
    assert ready.refused() == {"data/promoted/east/third.csv": "not what the gate promotes"}


@pytest.mark.parametrize("renamed", [0, 1, 2])
def test_a_promotion_that_was_cut_off_is_taken_up_again(ready, tmp_path, monkeypatch, renamed):
    """Cut off before the reference is written, before the original moves, before the file that says so is written."""
    whole = ready.copy(tmp_path / "whole")
    assert whole.pratique("promote", "east/third").code == 0
    replace, done = Path.replace, []

    def cut(path, target):
        if len(done) == renamed:
            raise OSError(errno.EIO, "Input/output error", str(path))
        done.append(path)
        return replace(path, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", cut)
        assert "Input/output error" in ready.pratique("promote", "east/third").complaint
    again = ready.pratique("promote", "east/third")
    assert again.code == 0, again
    assert ready.contents("data/promoted", "data/reference") == whole.contents("data/promoted", "data/reference")
