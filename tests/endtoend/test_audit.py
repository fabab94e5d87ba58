"""What was written is held to what is there: by train before it learns, by verify at any time, by recall later."""

import json
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda root: (root / "data/records/east/first.json").unlink(), "no record lets it into training"),
        (lambda root: swap(root), "not the rows that data/records/east/first.json let in"),
    ],
)
def test_train_takes_only_what_a_record_let_in(change, spoil, named):
    spoil(change.root)
    assert named in change.pratique("train").complaint


def swap(root: Path) -> None:
    """Another batch's rows in the place of an accepted one."""
    shutil.copyfile(root / "data/accepted/west/second.parquet", root / "data/accepted/east/first.parquet")


OTHER = {"name": "data/incoming/west/zero.csv", "digest": {"sha256": "0" * 64}}
TAMPERED = {
    "data/incoming/east/first.csv": "not the bytes that were cleared",
    "data/accepted/east/first.parquet": "changed after it was written",
    "data/records/east/first.json": "data/records/east/first.json: not",
    "data/model/model.skops": "not the model of its manifest",
    "data/model/manifest.json": "not JSON",
    "data/reference/trusted.csv": "cleared by other reference",
    "data/ledger.jsonl": "entry 0: ",
}


def test_verify_holds_on_what_the_pipeline_left(change):
    done = change.pratique("verify")
    assert (done.code, done.out) == (0, "All holds: the model learned from trusted and accepted rows only.\n")


@pytest.mark.parametrize("name", TAMPERED)
def test_verify_names_what_was_tampered_with(change, name):
    path = change.root / name
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(bytes(data))
    done = change.pratique("verify")
    assert done.code == 1
    assert TAMPERED[name] in done.out


def test_verify_finds_a_stranger_among_the_accepted_rows_and_an_edited_record(change):
    shutil.copyfile(change.root / "data/accepted/east/first.parquet", change.path("data/accepted/east/zero.parquet"))
    change.edit("data/records/west/second.json", '"verdict": "accept"', '"verdict": "partial"')
    said = change.pratique("verify").out
    assert "data/accepted/east/zero.parquet: no record knows it" in said
    assert "data/records/west/second.json: not the record that entry 1 of the ledger names" in said


def test_recall_says_what_a_source_touched(change):
    done = change.pratique("recall", "east")
    assert done.code == 0
    assert "east/first: accepted (accept), 40 rows" in done.out
    assert "a retrain would drop 40 of 280 rows" in done.out
    commit = change.ok("git", "rev-parse", "main")[:12]
    assert f"The model of commit {commit} " in done.out
    assert "no batch of this source" in change.pratique("recall", "north").complaint


def test_verify_finds_an_edited_origin_and_a_predecessor_that_is_another(change):
    change.edit("data/records/east/first.json", '"licence": "l"', '"licence": "free"')
    change.edit("data/records/west/second.json", '"predecessor": null', f'"predecessor": {json.dumps(OTHER)}')
    said = change.pratique("verify").out
    assert "east/first: its source is not as data/sources.yaml lists it" in said
    assert "west/second: the batch before it is none here" in said
