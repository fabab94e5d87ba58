"""Results that a change brings: what an honest run wrote passes, and whatever else is said of the batches does not."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.hashing import sha256_file
from pratique.core.writing import write_json, write_table
from pratique.decisions import ledger
from pratique.provenance.record import Record

pytestmark = pytest.mark.slow

COMPUTED = ("calibrate", "ingest", "validate")


@pytest.fixture
def honest(change, clean, tmp_path):
    """Sam brings a batch, and what `dvc repro` made of it, down to what it pushed to the remote."""
    change.ok("git", "switch", "-q", "main")
    change.ok("dvc", "remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    change.by("mia").commit()
    change.ok("git", "switch", "-q", "-C", "change")
    change.bring(clean, "east/w6.csv")
    change.stages("ingest", "validate")
    push(change)
    assert change.gate().code == 0
    return change


def push(change):
    change.ok("dvc", "commit", "-q", "-f", *COMPUTED)
    change.ok("dvc", "push", "-q", *COMPUTED)
    change.commit()


def forge(change, edit):
    """Change rows of an accepted batch, and make record, ledger and lock match, as if a run had written them."""
    place = change.root / "data/accepted/east/w6.parquet"
    write_table(place, edit(pq.read_table(place)))
    record = change.root / "data/records/east/w6.json"
    said = json.loads(record.read_text())
    for out in said["predicate"]["outputs"]:
        out["digest"]["sha256"] = sha256_file(change.root / out["name"])
    write_json(record, said)
    change.ok("git", "checkout", "-q", "main", "--", "data/ledger.jsonl")
    records = sorted((change.root / "data/records").glob("*/*.json"))
    ledger.append([Record.read(path) for path in records], change.root / paths.LEDGER)


def relabel(table):
    labels = ["low" if label == "high" else label for label in table["y"].to_pylist()]
    return table.set_column(table.column_names.index("y"), "y", pa.array(labels))


def test_what_an_honest_run_wrote_passes_and_the_model_is_not_verified(honest):
    honest.stages("train")
    honest.ok("dvc", "commit", "-q", "-f", "train")
    honest.commit()
    done = honest.gate()
    assert done.code == 0, done
    assert "data/model: not verified; it is made again after the merge" in done.out
    assert honest.found["unverified"] == ["data/model"]


def test_a_model_that_git_holds_is_not_verified_either(honest):
    honest.path("data/model/model.skops").write_bytes(b"anything")
    honest.ok("git", "add", "-f", "data/model/model.skops")
    honest.commit()
    assert honest.gate().code == 0
    assert honest.found["unverified"] == ["data/model"]


def test_accepted_rows_that_are_not_the_batch_s_are_found_with_all_digests_made_to_match(honest):
    forge(honest, relabel)
    push(honest)
    assert honest.refused() == {"data/accepted/east/w6.parquet": "not what the gate computes from the batches"}


def flip(change, path):
    """One byte of a JSON, CSV or line of results, so that it stays readable."""
    data = path.read_bytes()
    position = next(i for i in range(len(data) // 2, len(data)) if data[i : i + 1] in b"12345678")
    path.write_bytes(data[:position] + b"9" + data[position + 1 :])


@pytest.mark.parametrize(
    "name", ["data/reports/batches.csv", "data/records/west/second.json", "data/batches/west/second.json"]
)
def test_a_figure_that_differs_in_any_result_is_named(honest, name):
    flip(honest, honest.root / name)
    push(honest)
    assert list(honest.refused()) == [name]


def test_a_file_too_many_and_one_too_few_are_named(honest):
    shutil.copyfile(honest.root / "data/accepted/east/w6.parquet", honest.root / "data/accepted/east/w7.parquet")
    push(honest)
    assert list(honest.refused()) == ["data/accepted/east/w7.parquet"]
    (honest.root / "data/accepted/east/w7.parquet").unlink()
    (honest.root / "data/records/west/second.json").unlink()
    push(honest)
    assert list(honest.refused()) == ["data/records/west/second.json"]


def test_a_forged_profile_is_found(honest):
    place = honest.root / "data/profile/profile.json"
    place.write_text(place.read_text().replace('"rows": 200', '"rows": 900'))
    push(honest)
    assert list(honest.refused()) == ["data/profile/profile.json"]


def test_a_ledger_that_tells_another_story_is_found(honest):
    name = "data/ledger.jsonl"
    entries = ledger.read(honest.root / name)
    last = entries[-1]
    record = Record.read(honest.root / "data/records/west/second.json")
    more = ledger.Entry.of(ledger.RecordFacts.of(record), last)
    (honest.root / name).write_text("".join(entry.line() for entry in [*entries, more]))
    honest.commit()
    assert honest.refused() == {name: f"entry {more.index}: not what one run from the ledger of the base writes"}


def test_results_and_policy_do_not_come_together(honest):
    honest.edit("params.yaml", "per_1000_batches: 10", "per_1000_batches: 5")
    honest.commit()
    assert honest.refused() == {"params.yaml": "comes together with data"}


def test_a_stage_of_the_team_s_in_the_lock_comes_apart_from_data(honest):
    lock = honest.path("dvc.lock")
    more = "  deploy:\n    cmd: ./deploy\n    outs:\n    - {path: bin/deploy, hash: md5, md5: abc, size: 1}\n"
    lock.write_text(lock.read_text() + more)
    honest.commit()
    assert honest.refused() == {"dvc.lock": "stage 'deploy' comes together with data"}


def test_metrics_and_pages_of_a_change_are_ignored(honest):
    honest.path("data/reports/metrics.json").write_text("{}")
    honest.path("data/reports/index.html").write_text("<script>alert(1)</script>")
    honest.ok("git", "add", "-f", "data/reports/index.html")
    honest.commit()
    assert honest.gate().code == 0


def test_results_whose_objects_nobody_pushed_can_not_be_decided(honest, clean, tmp_path):
    forge(honest, relabel)
    honest.ok("dvc", "commit", "-q", "-f", *COMPUTED)
    honest.commit()
    shutil.rmtree(honest.root / ".dvc/cache")
    assert "not in the remote that the base names; `dvc push` it" in honest.gate().complaint
