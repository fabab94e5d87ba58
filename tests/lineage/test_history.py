"""What is said of inputs that are not as a commit has them."""

import subprocess

import pytest
from pratique.commands import verify
from pratique.lineage.claim import Claim
from pratique.lineage.history import claim_inputs
from pratique.provenance.parts import ResourceDescriptor
from pratique.provenance.promotion import Promotion


def git(*words):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], check=True)


@pytest.fixture
def committed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    for name in ("first", "second"):
        place = tmp_path / f"data/incoming/east/{name}.csv"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("a,b\n", encoding="utf-8")
    git("add", "-A")
    git("commit", "-q", "-m", "Batches")
    return tmp_path


def test_a_promoted_batch_is_not_asked_for_back_a_lost_one_is(committed):
    moved = committed / "data/promoted/east/first.csv"
    moved.parent.mkdir(parents=True)
    (committed / "data/incoming/east/first.csv").rename(moved)
    (committed / "data/incoming/east/second.csv").unlink()
    digest = ResourceDescriptor.of("data/promoted/east/first.csv", "a" * 64)
    Promotion(
        batch="east/first", original=digest, reference=digest, rows=1, held=(), record="b" * 64, source_entry=None,
        decisions=(),
    ).write()  # fmt: skip
    first, second = (fault for fault in claim_inputs().faults if fault.startswith("data/incoming"))
    assert "`git checkout" not in first
    assert first.endswith("commit what `pratique promote` wrote, then `dvc repro`")
    assert second == "data/incoming/east/second.csv: not here; `git checkout -- data/incoming/east/second.csv`"


@pytest.mark.parametrize(("folder", "command"), [("", "`dvc repro`"), ("data", "`dvc repro --all-pipelines`")])
def test_the_command_that_mends_runs_the_pipeline_of_a_folder(committed, monkeypatch, capsys, folder, command):
    fault = "data/records: no record; run `dvc repro`"
    monkeypatch.setattr(verify, "verify", lambda *_: [Claim("records", "", (fault,))])
    monkeypatch.chdir(committed / folder)
    assert not verify.main(False, None, False)
    assert capsys.readouterr().out.startswith(f"data/records: no record; run {command}\n")
