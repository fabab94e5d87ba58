"""Files that are gone or damaged, time that is over, two commands at once, writes that are cut off."""

import subprocess
import sys
from pathlib import Path

import pytest
from pratique.core.lock import LOCK_FILE, hold_alone

from tests.endtoend.conftest import REPOSITORY

pytestmark = pytest.mark.slow

OUTPUTS = ("data/accepted", "data/quarantine", "data/records", "data/reports/batches.csv", "data/ledger.jsonl")
SPOIL = {
    "gone": lambda data: None,
    "empty": lambda data: b"",
    "halved": lambda data: data[: len(data) // 2],
    "one bit": lambda data: data[:40] + bytes([data[40] ^ 4]) + data[41:],
}
PLACES = {
    "data/batches/checksums.json": ("validate", "ingest"),
    "data/batches/east/first.json": ("validate", "ingest"),
    "data/batches/west/second.parquet": ("validate", "ingest"),
    "data/profile/profile.json": ("validate", "calibrate"),
    "data/records/checksums.json": ("train", "validate"),
    "data/records/east/first.json": ("status", "validate"),
    "data/accepted/east/first.parquet": ("train", "validate"),
    "data/reports/batches.csv": ("status", "validate"),
    "data/reports/rows.parquet": ("evaluate", "validate"),
    "data/model/model.skops": ("evaluate", "train"),
}


@pytest.mark.parametrize("way", SPOIL)
@pytest.mark.parametrize("place", PLACES)
def test_a_spoiled_file_is_named_with_the_command_that_mends_it(cleared, tmp_path, place, way):
    project = cleared.copy(tmp_path / "project")
    whole = project.contents(*OUTPUTS, place)
    command, mends = PLACES[place]
    data = SPOIL[way](whole[place])
    project.path(place).unlink()
    if data is not None:
        project.path(place).write_bytes(data)
    complaint = project.pratique(command).complaint
    assert complaint.startswith((place, f"{Path(place).parent}: "))
    assert f"`pratique {mends}`" in complaint
    project.stages(mends)
    assert project.contents(*OUTPUTS, place) == whole
    project.stages(command)


@pytest.mark.parametrize("flips", [range(1, 400, 40)])
def test_a_bit_flipped_in_what_is_kept_costs_time_only(cleared, tmp_path, flips):
    project = cleared.copy(tmp_path / "project")
    whole = project.contents(*OUTPUTS)
    for flip in flips:
        for place in sorted((project.root / "data/.cache").rglob("*.*")):
            if place.suffix in (".npz", ".arrow"):
                data = bytearray(place.read_bytes())
                data[len(data) * flip // 400] ^= 1 << flip % 8
                place.write_bytes(data)
        project.stages("validate")
        assert project.contents(*OUTPUTS) == whole


def test_a_batch_that_takes_too_long_is_neither_accepted_nor_quarantined(cleared, tmp_path):
    project = cleared.copy(tmp_path / "project")
    whole, params = project.contents(*OUTPUTS), project.path("params.yaml").read_text(encoding="utf-8")
    kept = project.root / "data/.cache/cleared"
    for place in (*kept.iterdir(), *(project.root / "data/.cache/examinations").iterdir()):
        place.unlink()
    project.path("params.yaml").write_text(params.replace("seconds: 1800", "seconds: 0.001"))
    done = project.pratique("validate")
    assert done.code == 2, done
    assert "east/first: not examined: not done after 0.001 seconds; " in done.err
    assert "pratique: 2 batches not examined, and in no model: east/first, west/second" in done.err
    assert not [name for name in project.contents("data/accepted", "data/quarantine", "data/records") if "east" in name]
    assert project.pratique("check", "data/incoming/east/first.csv").code == 2
    project.path("params.yaml").write_text(params, encoding="utf-8")
    project.stages("validate")
    assert project.contents(*OUTPUTS) == whole


def test_a_second_run_says_who_is_at_work(cleared, tmp_path, monkeypatch):
    project = cleared.copy(tmp_path / "project")
    monkeypatch.chdir(project.root)
    with hold_alone():
        for command in ("ingest", "validate", "train"):
            assert project.pratique(command).complaint.startswith("data/.lock: `")
        assert project.pratique("status").code == 0
    project.stages("validate")
    assert not (project.root / LOCK_FILE).exists()


def test_a_ledger_that_was_taken_away_is_asked_for(cleared, tmp_path):
    project = cleared.copy(tmp_path / "project")
    project.path("data/ledger.jsonl").unlink()
    done = project.pratique("validate")
    assert (done.code, "data/ledger.jsonl: not here, though an earlier run wrote one" in done.err) == (0, True)
    project.commit()
    project.path("data/ledger.jsonl").unlink()
    assert project.pratique("validate").complaint.startswith("data/ledger.jsonl: does not begin with all entries")


@pytest.mark.parametrize("time", range(3))
def test_74_of_two_decisions_at_once_none_is_lost_without_a_word(cleared, tmp_path, time):
    project = cleared.copy(tmp_path / "project")
    project.commit()
    project.set_up()
    how = {"cwd": project.root, "env": project._environment(), "stderr": subprocess.PIPE, "text": True}
    say = [sys.executable, "-m", "pratique.cli", "review"]
    both = [
        subprocess.Popen([*say, *words, "east/first", "--reason", words[0]], stdout=subprocess.DEVNULL, **how)
        for words in (["reject"], ["withdraw"])[:: 1 if time % 2 else -1]
    ]
    ends = [(each.communicate()[1], each.returncode) for each in both]
    assert not [said for said, _ in ends if "Traceback" in said]
    if [code for _, code in ends] == [0, 0]:
        assert any("takes the place of the " in said for said, _ in ends)


@pytest.mark.parametrize("command", ["ingest", "validate"])
def test_a_run_that_is_cut_off_is_taken_up_again(command, tmp_path_factory):
    """Each seventh write of it is cut off; the benchmark does so with all of them."""
    work = tmp_path_factory.getbasetemp() / "crashes"
    work.mkdir(exist_ok=True)
    sweep = [
        sys.executable,
        str(REPOSITORY / "tests/benchmarks/crash_sweep.py"),
        str(work),
        str(work / f"{command}.csv"),
    ]
    done = subprocess.run([*sweep, "--commands", command, "--every", "7"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_of_two_commands_at_the_same_moment_nothing_is_lost(tmp_path):
    """Twice; the benchmark does so fifty times."""
    sweep = [sys.executable, str(REPOSITORY / "tests/benchmarks/two_at_once.py"), str(tmp_path), "--times", "2"]
    done = subprocess.run(sweep, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
