"""The drill in a team's project: what it writes, what it keeps, and what DVC makes of it."""

import csv
import json
import os

import pytest
from pratique.core.hashing import sha256_file
from pratique.drill import work
from pratique.drill.setting import Setting

pytestmark = pytest.mark.slow

REPORTS = "data/reports/drill"
SECTION = """\
drill:
  rates: [0.1, 0.4]
  repetitions: 2
  retrainings: 3
  batches: 2
  rows: 15
  attacks:
    backdoor_trigger: {columns: [size, weight], value: 30, target: low}
    label_flip: {}
    drip: {attack: label_flip, rates: [0.05], batches: 4}
"""
GROUPS = [
    "backdoor_trigger-10",
    "backdoor_trigger-40",
    "drip-5",
    "label_flip-10",
    "label_flip-40",
]


def edit(project, old, new):
    path = project.path("params.yaml")
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def small(project):
    """The same project with another small drill."""
    text = project.path("params.yaml").read_text(encoding="utf-8")
    project.path("params.yaml").write_text(text[: text.index("drill:")] + SECTION, encoding="utf-8")
    return project


def lines(project, name):
    with (project.root / REPORTS / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def drilled(cleared, tmp_path_factory):
    """A small drill, run in this process. Copy it to change it."""
    project = small(cleared.copy(tmp_path_factory.mktemp("drilled") / "project"))
    done = project.pratique("drill", "--jobs", "1")
    assert done.code == 0, done
    return project


@pytest.fixture
def ran(monkeypatch):
    """The cells that are run in this process, not taken from what was kept."""
    cells, run = [], Setting.run
    monkeypatch.setattr(Setting, "run", lambda self, cell: (cells.append(cell), run(self, cell))[1])
    return cells


# what it writes


def test_every_cell_has_a_line_and_only_repetitions_pass_the_gate(drilled):
    table = lines(drilled, "cells.csv")
    assert len(table) == 5 * 3
    for line in table:
        assert bool(line["batches_caught"]) == bool(line["accuracy_gated"]) == (int(line["repetition"]) < 2)
        assert bool(line["success_poisoned"]) == (line["attack"] == "backdoor_trigger")
        poisoned, rows = int(line["poisoned_rows"]), int(line["rows"])
        assert poisoned == int(float(line["rate"]) * rows + 0.5)
        if line["batches_caught"]:
            assert 0 <= int(line["batches_caught"]) <= int(line["batches"]) <= (4 if line["attack"] == "drip" else 2)
            assert 0 <= int(line["rows_caught"]) <= poisoned
            assert 0 <= int(line["good_rows_lost"]) <= rows - poisoned


def test_the_summary_is_that_of_the_cells(drilled):
    cells = [line for line in lines(drilled, "cells.csv") if (line["attack"], line["rate"]) == ("label_flip", "0.4")]
    summary = {
        line["measure"]: line
        for line in lines(drilled, "summary.csv")
        if (line["attack"], line["rate"]) == ("label_flip", "0.4")
    }
    damage = [float(line["accuracy_clean"]) - float(line["accuracy_poisoned"]) for line in cells]
    assert float(summary["damage"]["mean"]) == pytest.approx(sum(damage) / 3, abs=1e-5)
    caught = [int(line["rows_caught"]) / int(line["poisoned_rows"]) for line in cells[:2]]
    assert float(summary["rows_caught"]["mean"]) == pytest.approx(sum(caught) / 2, abs=1e-5)
    assert [summary[name]["runs"] for name in ("damage", "damage_gated", "rows_caught")] == ["3", "2", "2"]
    metrics = json.loads((drilled.root / REPORTS / "metrics.json").read_text(encoding="utf-8"))
    assert list(metrics) == GROUPS
    assert metrics["label_flip-40"]["damage"] == float(summary["damage"]["mean"])


def test_half_the_labels_flipped_does_damage_that_the_gate_prevents(drilled):
    metrics = json.loads((drilled.root / REPORTS / "metrics.json").read_text(encoding="utf-8"))["label_flip-40"]
    assert metrics["batches_caught"] == 1
    assert metrics["damage_gated"] < metrics["damage"]


def test_only_equal_doses_are_ranked_together(drilled):
    got = [(line["rate"], line["batches"], line["attack"], line["rank_to"]) for line in lines(drilled, "ranking.csv")]
    assert {(rate, batches, last) for rate, batches, _, last in got if rate != "0.05"} <= {
        ("0.1", "2", "1"), ("0.1", "2", "2"), ("0.4", "2", "1"), ("0.4", "2", "2"),
    }  # fmt: skip
    assert [line for line in got if line[0] == "0.05"] == [("0.05", "4", "drip", "1")]


def test_the_folder_of_artifacts_is_flat_and_its_hashes_hold(drilled):
    folder = drilled.root / REPORTS / "artifacts"
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
    assert sums == {path.name: sha256_file(path) for path in folder.iterdir() if path.name != "SHA256SUMS"}
    tables = {"scores.csv", "cells.csv", "summary.csv", "ranking.csv", "metrics.json"}
    assert set(sums) == tables | {f"{name}.{suffix}" for name in GROUPS for suffix in ("csv", "json", "png")}


# what it keeps


def test_the_bytes_do_not_depend_on_processes_nor_on_what_was_kept(drilled, tmp_path):
    project = drilled.copy(tmp_path / "another-name")
    kept = sorted((project.root / "data/.cache/drill").iterdir())
    assert len(kept) == 5 * 3
    for path in kept[::2]:
        path.unlink()
    kept[1].write_text("{", encoding="utf-8")
    project.ok("pratique", "drill", "--jobs", "2")
    assert project.contents(REPORTS) == drilled.contents(REPORTS)
    assert project.contents("data/.cache/drill") == drilled.contents("data/.cache/drill")


def test_a_second_run_computes_nothing(drilled, tmp_path, ran):
    project = drilled.copy(tmp_path / "project")
    project.stages("drill")
    assert ran == []
    assert project.contents(REPORTS) == drilled.contents(REPORTS)


def test_a_new_attack_computes_its_own_cells_and_one_that_goes_leaves_nothing(drilled, tmp_path, ran):
    project = drilled.copy(tmp_path / "project")
    edit(project, "    drip: {attack: label_flip, rates: [0.05], batches: 4}\n", "    gaussian_noise: {}\n")
    assert project.pratique("drill", "--jobs", "1").code == 0
    assert [(cell.exercise.name, cell.rate, cell.run) for cell in ran] == [
        ("gaussian_noise", rate, run) for rate in (0.1, 0.4) for run in range(3)
    ]
    assert not [path for path in project.contents(REPORTS, "data/.cache/drill") if "drip" in path]
    assert len(project.contents("data/.cache/drill")) == 6 * 3 - 6 + 6


def test_another_threshold_computes_only_what_passes_the_gate(drilled, tmp_path, ran):
    project = drilled.copy(tmp_path / "project")
    edit(project, "per_1000_batches: 10 ", "per_1000_batches: 100 ")
    assert project.pratique("drill", "--jobs", "1").code == 0
    assert len(ran) == 5 * 2
    assert all(cell.cleared for cell in ran)


def test_a_process_that_fails_is_said_plainly(drilled, tmp_path, monkeypatch):
    project = drilled.copy(tmp_path / "project")
    for path in (project.root / "data/.cache/drill").iterdir():
        path.unlink()
    monkeypatch.setattr(work, "_start", os.abort)  # which takes no params, so that the process can't start
    assert "a process ended early" in project.pratique("drill", "--jobs", "2").complaint


# faults


def test_nothing_accepted_and_no_attack_are_said_plainly(drilled, tmp_path):
    project = drilled.copy(tmp_path / "project")
    edit(project, SECTION[SECTION.index("  attacks:") :], "")
    assert project.pratique("drill").complaint.startswith("params.yaml: drill.attacks: none is named; known: ")
    for path in (project.root / "data/accepted").rglob("*.parquet"):
        path.unlink()
    edit(project, "  rows: 15\n", "  rows: 15\n  attacks: {label_flip: {}}\n")
    assert "no batch was accepted" in project.pratique("drill").complaint


# with DVC


@pytest.fixture(scope="module")
def versions(drilled, tmp_path_factory):
    """Two commits that differ in one threshold, and what the second run of the first one said."""
    project = drilled.copy(tmp_path_factory.mktemp("versions") / "project")
    project.ok("git", "init", "-q")
    project.ok("dvc", "init", "-q")
    project.ok("dvc", "commit", "-q", "-f", "calibrate", "ingest", "validate", "train", "evaluate", "drill")
    again = project.ok("dvc", "repro", "drill")
    project.commit()
    edit(project, "per_1000_batches: 10 ", "per_1000_batches: 100 ")
    project.ok("dvc", "repro", "drill")
    project.commit()
    return project, again


def test_a_second_repro_skips_the_drill(versions):
    assert "Stage 'drill' didn't change, skipping" in versions[1]


def test_metrics_diff_shows_what_a_threshold_moved(versions):
    project, _ = versions
    diff = json.loads(project.ok("dvc", "metrics", "diff", "--json", "HEAD~1"))
    moved = diff[f"{REPORTS}/metrics.json"]
    assert moved
    assert not [name for name in moved if name.endswith((".damage", ".success_poisoned"))], "they know no gate"


def test_plots_show_a_curve_for_each_attack(versions):
    project, _ = versions
    plots = json.loads(project.ok("dvc", "plots", "show", "--json"))["data"]
    curves = {name: shown for name, shown in plots.items() if name.startswith(REPORTS)}
    attacks = ("backdoor_trigger", "drip", "label_flip")
    assert sorted(curves) == sorted(f"{REPORTS}/{kind}/{name}.csv" for kind in ("damage", "recall") for name in attacks)
    assert "share caught" in json.dumps(curves[f"{REPORTS}/recall/label_flip.csv"])


def test_git_tracks_what_people_compare_and_dvc_the_rest(versions):
    tracked = versions[0].ok("git", "ls-files", REPORTS).splitlines()
    assert f"{REPORTS}/metrics.json" in tracked
    assert f"{REPORTS}/summary.csv" in tracked
    assert f"{REPORTS}/recall/drip.csv" in tracked
    assert not [path for path in tracked if "artifacts/" in path or "cells" in path]
