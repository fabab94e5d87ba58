"""What was written is held to what is there: by train before it learns, by verify at any time, by recall later."""

import contextlib
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from forgeries import prepare, try_forgery
from forging import KINDS, forge
from pratique.decisions import ledger
from pratique.provenance.record import Record

pytestmark = pytest.mark.slow

SPREAD = 30


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (
            lambda root: (root / "data/records/east/first.json").unlink(),
            "data/records/east/first.json: not here; run `pratique validate`",
        ),
        (lambda root: swap(root), "data/accepted/east/first.parquet: not as it was written"),
    ],
)
def test_train_takes_only_what_a_record_let_in(change, spoil, named):
    spoil(change.root)
    assert named in change.pratique("train").complaint


def swap(root: Path) -> None:
    """Another batch's rows in the place of an accepted one."""
    shutil.copyfile(root / "data/accepted/west/second.parquet", root / "data/accepted/east/first.parquet")


def test_verify_says_of_each_claim_what_it_stands_on(change):
    done = change.pratique("verify")
    assert done.code == 0, done
    commit = change.ok("git", "rev-parse", "main")[:12]
    assert done.out.splitlines() == [
        "All holds, as far as it is verified:",
        f"  inputs: computed, the files of commit {commit}",
        "  dvc.lock: computed, pointers too",
        "  profile: computed",
        "  batches: computed",
        "  verdicts: computed, 2 batches examined anew",
        "  accepted and quarantined rows: computed",
        "  records: computed",
        "  tables of batches and rows: computed",
        "  form of records: computed, by their schema",
        "  configuration of records: computed",
        "  ledger: computed, it continues that of 1 commit",
        "  decisions: none took effect",
        "  attestations: not verified: nobody vouches for a batch",
        "  model: not verified: --retrain trains it again; its manifest is computed",
        "  metrics: not verified: --retrain computes them",
        "  audits: not verified: --retrain computes them",
        "  pages: not verified: --retrain computes them",
        "  data/reports/drill: not verified: `dvc repro --force drill` computes it",
    ]


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """The project of the benchmark: four batches, one accepted, one in part, one held, one released."""
    root = tmp_path_factory.mktemp("four") / "project"
    prepare(root)
    return root


@pytest.mark.parametrize("kind", KINDS)
def test_verify_names_a_forged_file_of_each_kind_although_all_else_matches(change, four, kind):
    """Nobody commits it, so that what git remembers helps; what the pipeline computes is found by computing."""
    shutil.rmtree(change.root)
    shutil.copytree(four, change.root)
    with contextlib.chdir(change.root):
        name, _ = forge(kind, np.random.default_rng(7))
    done = change.pratique("verify", "--retrain")
    assert done.code == 1
    assert any(line.startswith(f"{name}: ") for line in done.out.splitlines()), done.out


@pytest.mark.parametrize("number", range(SPREAD))
def test_a_forgery_that_is_committed_with_all_that_matches_is_found(four, tmp_path, number):
    assert try_forgery(four, tmp_path / "forged", 1, number)["by"]


@pytest.mark.slow
def test_pages_that_show_the_drill_s_figures_hold_but_for_these(change):
    change.stages("audit", "drill", "report")
    change.ok("dvc", "commit", "-q", "-f", "audit", "drill", "report")
    change.commit()
    done = change.pratique("verify", "--retrain")
    assert "pages: computed, but for data/reports/drill/metrics.json, which is not verified" in done.out, done
    assert "data/reports/index.html: not what is computed" not in done.out


def test_an_edit_that_keeps_size_and_time_is_found(change):
    path = change.root / "data/holdout/rows.csv"
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "data/holdout/rows.csv: not as commit " in change.pratique("verify").out


def test_a_batch_that_dvc_is_told_to_overlook_is_not_the_commit_s(change, flipped):
    """What DVC says of a folder says nothing of what `.dvcignore` names."""
    change.ok("git", "rm", "-q", "--cached", "-r", "data/incoming/east")
    change.ok("dvc", "add", "-q", "data/incoming/east")
    change.ok("dvc", "commit", "-q", "-f", "ingest", "validate", "train")
    change.commit()
    assert change.pratique("verify").code == 0
    change.bring(flipped, "east/bad.csv")
    with (change.root / ".dvcignore").open("a", encoding="utf-8") as ignored:
        ignored.write("bad.csv\n")
    change.stages("ingest", "validate", "train", "evaluate")
    change.ok("dvc", "commit", "-q", "-f", "ingest", "validate", "train", "evaluate")
    done = change.pratique("verify")
    assert done.code == 1, done
    assert ".dvcignore: not as commit " in done.out


def test_planted_examinations_do_not_help_and_a_sample_takes_the_others_as_kept(change):
    kept = sorted((change.root / "data/.cache/examinations").glob("*.npz"))
    said = change.pratique("verify", "--sample", "1").out
    assert "verdicts: not verified: 1 of 2 follow from examinations that an earlier run kept" in said
    shutil.copyfile(kept[0], kept[1])
    assert change.pratique("verify").code == 0


def test_a_ledger_that_was_begun_anew_is_told_once_it_is_committed(change):
    path = change.root / "data/ledger.jsonl"
    records = [Record.read(each) for each in sorted((change.root / "data/records").glob("*/*.json"))]
    path.unlink()
    for record in records[::-1]:
        ledger.append([record], path)
    assert "data/ledger.jsonl: does not continue what commit " in change.pratique("verify").out
    change.ok("dvc", "commit", "-q", "-f", "validate")
    change.commit()
    commit = change.ok("git", "rev-parse", "HEAD")[:12]
    done = change.pratique("verify")
    assert done.code == 0, done
    assert f"it continues that of 1 commit, back to {commit}, which began it anew" in done.out


def test_recall_says_what_a_source_touched(change):
    done = change.pratique("recall", "east")
    assert done.code == 0
    assert "east/first: accepted (accept), 40 rows" in done.out
    assert "a retrain would drop 40 of 280 rows" in done.out
    commit = change.ok("git", "rev-parse", "main")[:12]
    assert f"The model of commit {commit} " in done.out
    assert "no batch of this source" in change.pratique("recall", "north").complaint
