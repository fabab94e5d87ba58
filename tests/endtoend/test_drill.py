"""The drill in a team's project: what it writes, what it keeps, and what DVC makes of it."""

import csv
import json
import os

import pandas as pd
import pytest
from pratique.core.batch import Batch
from pratique.core.hashing import sha256_file
from pratique.drill import work
from pratique.drill.setting import Setting
from pratique.training.models import Model

pytestmark = pytest.mark.slow

REPORTS = "data/reports/drill"
SECTION = """\
drill:
  rates: [0.1, 0.4]
  repetitions: 2
  retrainings: 3
  batches: 3
  poisoned_batches: 0.34
  rows: 15
  attacks:
    backdoor_trigger: {columns: [size, weight], value: 30, target: low}
    label_flip: {}
    control: {attack: label_flip, rates: [0]}
    drip: {attack: label_flip, rates: [0.05], batches: 4, poisoned_batches: 1}
"""
GROUPS = [
    "backdoor_trigger-10",
    "backdoor_trigger-40",
    "control-0",
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
    assert len(table) == 6 * 3
    for line in table:
        assert bool(line["batches_caught"]) == bool(line["accuracy_with"]) == (int(line["repetition"]) < 2)
        assert bool(line["success_without"]) == (line["attack"] == "backdoor_trigger")
        poisoned, rows = int(line["poisoned_rows"]), int(line["rows"])
        batches = 4 if line["attack"] == "drip" else 1
        assert rows == (60 if line["attack"] == "drip" else 45)
        by_fold = [2, 2] if line["attack"] == "drip" else [1]
        assert poisoned == sum(int(float(line["rate"]) * 15 * count + 0.5) for count in by_fold)
        if line["batches_caught"]:
            assert 0 <= int(line["batches_caught"]) <= int(line["batches"]) <= batches
            assert 0 <= int(line["rows_caught"]) <= poisoned
            assert 0 <= int(line["good_rows_lost"]) <= rows - poisoned


def test_the_summary_is_that_of_the_cells(drilled):
    cells = [line for line in lines(drilled, "cells.csv") if (line["attack"], line["rate"]) == ("label_flip", "0.4")]
    summary = {
        line["measure"]: line
        for line in lines(drilled, "summary.csv")
        if (line["attack"], line["rate"]) == ("label_flip", "0.4")
    }
    damage = [float(line["accuracy_clean"]) - float(line["accuracy_without"]) for line in cells]
    assert float(summary["damage_without"]["mean"]) == pytest.approx(sum(damage) / 3, abs=1e-5)
    caught = [int(line["rows_caught"]) / int(line["poisoned_rows"]) for line in cells[:2]]
    assert float(summary["rows_caught"]["mean"]) == pytest.approx(sum(caught) / 2, abs=1e-5)
    assert [summary[name]["runs"] for name in ("damage_without", "damage_with", "rows_caught")] == ["3", "2", "2"]
    metrics = json.loads((drilled.root / REPORTS / "metrics.json").read_text(encoding="utf-8"))
    assert list(metrics) == GROUPS
    avoided = [float(line["accuracy_with"]) - float(line["accuracy_without"]) for line in cells[:2]]
    for name, expected in (
        ("damage_avoided", sum(avoided) / 2),
        ("damage_avoided_low", sum(avoided) / 2 - 12.7062 * abs(avoided[0] - avoided[1]) / 2),
    ):
        assert metrics["label_flip-40"][name] == pytest.approx(expected, abs=1e-4)


def test_a_trigger_works_without_the_gate_and_not_with_it(drilled):
    metrics = json.loads((drilled.root / REPORTS / "metrics.json").read_text(encoding="utf-8"))["backdoor_trigger-40"]
    assert metrics["batches_caught"] == 1
    assert metrics["success_without"] > 0.9
    assert metrics["success_with"] < 0.1
    assert metrics["success_avoided_low"] > 0


def test_a_control_does_no_damage_and_shows_what_the_gate_costs(drilled):
    metrics = json.loads((drilled.root / REPORTS / "metrics.json").read_text(encoding="utf-8"))["control-0"]
    assert metrics["damage_without"] == metrics["damage_without_low"] == metrics["damage_without_high"] == 0
    assert {"good_rows_lost", "damage_with", "damage_with_low"} <= set(metrics)
    assert "rows_caught" not in metrics


def test_only_equal_doses_are_ranked_together(drilled):
    got = [
        tuple(line[name] for name in ("rate", "batches", "poisoned_batches", "rank_to"))
        for line in lines(drilled, "ranking.csv")
    ]
    assert {line for line in got if line[0] in ("0.1", "0.4")} <= {
        (rate, "3", "0.34", last) for rate in ("0.1", "0.4") for last in ("1", "2")
    }
    assert [line for line in got if line[0] == "0.05"] == [("0.05", "4", "1.0", "1")]


def test_the_folder_of_artifacts_is_flat_and_its_hashes_hold(drilled):
    folder = drilled.root / REPORTS / "artifacts"
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines())
    assert sums == {path.name: sha256_file(path) for path in folder.iterdir() if path.name != "SHA256SUMS"}
    tables = {"scores.csv", "cells.csv", "summary.csv", "ranking.csv", "metrics.json"}
    assert set(sums) == tables | {f"{name}.{suffix}" for name in GROUPS for suffix in ("csv", "json", "png", "skops")}


def test_the_models_in_the_folder_are_those_that_were_scored(drilled):
    """Read back, each predicts the holdout as the confusion matrix beside it says."""
    folder = drilled.root / REPORTS / "artifacts"
    for name in GROUPS:
        model = Model.load(folder / f"{name}.skops")
        holdout = Batch.from_frame("h", pd.read_csv(drilled.root / "data/holdout/rows.csv"), model.layout)
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            confusion = {line.pop("actual"): line for line in csv.DictReader(stream)}
        right = sum(int(line[actual]) for actual, line in confusion.items())
        assert (model.predict(holdout) == holdout.labels).sum() == right


# what it keeps


def test_the_bytes_do_not_depend_on_processes_nor_on_what_was_kept(drilled, tmp_path):
    project = drilled.copy(tmp_path / "another-name")
    kept = sorted((project.root / "data/.cache/drill").iterdir())
    assert [path.suffix for path in kept].count(".json") == 6 * 3
    assert [path.suffix for path in kept].count(".skops") == 6, "the models of the first runs"
    for path in kept[::3]:
        path.unlink()
    next(path for path in kept[1::3] if path.suffix == ".json").write_text("{", encoding="utf-8")
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
    edit(
        project,
        "    drip: {attack: label_flip, rates: [0.05], batches: 4, poisoned_batches: 1}\n",
        "    gaussian_noise: {}\n",
    )
    assert project.pratique("drill", "--jobs", "1").code == 0
    assert [(cell.exercise.name, cell.rate, cell.run) for cell in ran] == [
        ("gaussian_noise", rate, run) for rate in (0.1, 0.4) for run in range(3)
    ]
    assert not [path for path in project.contents(REPORTS, "data/.cache/drill") if "drip" in path]
    kept = [path for path in project.contents("data/.cache/drill") if path.endswith(".json")]
    assert len(kept) == 6 * 3 - 3 + 6


def test_another_threshold_computes_only_what_passes_the_gate(drilled, tmp_path, ran):
    project = drilled.copy(tmp_path / "project")
    edit(project, "per_1000_batches: 10 ", "per_1000_batches: 100 ")
    assert project.pratique("drill", "--jobs", "1").code == 0
    assert len(ran) == 6 * 2
    assert all(cell.cleared for cell in ran)


def test_a_process_that_fails_is_said_plainly(drilled, tmp_path, monkeypatch):
    project = drilled.copy(tmp_path / "project")
    for path in (project.root / "data/.cache/drill").iterdir():
        path.unlink()
    monkeypatch.setattr(work, "_start", os.abort)  # which takes no params, so that the process can't start
    assert "a process ended early" in project.pratique("drill", "--jobs", "2").complaint


# faults


def test_no_attack_is_said_plainly(drilled, tmp_path):
    project = drilled.copy(tmp_path / "project")
    edit(project, SECTION[SECTION.index("  attacks:") :], "")
    assert project.pratique("drill").complaint.startswith("params.yaml: drill.attacks: none is named; known: ")


def test_what_was_accepted_is_no_matter_and_fewer_batches_than_asked_are_told_of(drilled, tmp_path, ran):
    """A fold of 40 rows has two batches of 15; all ten are asked for, and one more."""
    project = drilled.copy(tmp_path / "project")
    for path in (project.root / "data/accepted").rglob("*.parquet"):
        path.unlink()
    project.stages("drill")
    assert ran == []
    edit(project, "rates: [0.05], batches: 4,", "rates: [0.05], batches: 11,")
    done = project.pratique("drill", "--jobs", "1")
    assert done.code == 0
    assert "params.yaml: drill: 10 batches of 15 rows come in, not 11 of 15: a batch is of one fold" in done.err


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


def test_a_new_batch_leaves_the_drill_as_it_is(versions, make_rows, tmp_path):
    project = versions[0].copy(tmp_path / "project")
    make_rows(40, seed=77).to_csv(project.path("data/incoming/east/one-more.csv"), index=False)
    assert "Stage 'drill' didn't change, skipping" in project.ok("dvc", "repro")
    assert (project.root / "data/accepted/east/one-more.parquet").is_file()


def test_metrics_diff_shows_what_a_threshold_moved(versions):
    project, _ = versions
    diff = json.loads(project.ok("dvc", "metrics", "diff", "--json", "HEAD~1"))
    moved = diff[f"{REPORTS}/metrics.json"]
    assert moved
    assert not [name for name in moved if ".damage_without" in name or ".success_without" in name], "they know no gate"


def test_plots_show_a_curve_for_each_attack(versions):
    project, _ = versions
    plots = json.loads(project.ok("dvc", "plots", "show", "--json"))["data"]
    curves = {name: shown for name, shown in plots.items() if name.startswith(REPORTS)}
    attacks = ("backdoor_trigger", "control", "drip", "label_flip")
    assert sorted(curves) == sorted(f"{REPORTS}/{kind}/{name}.csv" for kind in ("damage", "recall") for name in attacks)
    assert "share caught" in json.dumps(curves[f"{REPORTS}/recall/label_flip.csv"])


def test_git_tracks_what_people_compare_and_dvc_the_rest(versions):
    tracked = versions[0].ok("git", "ls-files", REPORTS).splitlines()
    assert f"{REPORTS}/metrics.json" in tracked
    assert f"{REPORTS}/summary.csv" in tracked
    assert f"{REPORTS}/recall/drip.csv" in tracked
    assert not [path for path in tracked if "artifacts/" in path or "cells" in path]


def test_a_column_of_lists_that_is_ignored_stands_in_no_stage_s_way(new_project, make_rows):
    project = new_project()
    make_rows(200, 2).to_csv(project.path("data/reference/trusted.csv"), index=False)
    project.ok("pratique", "init", ".", "--from", "data/reference", "--label", "y", "--yes")
    project.simplify()
    params = (project.root / "params.yaml").read_text(encoding="utf-8")
    project.path("params.yaml").write_text(params.replace("ignore: []", "ignore: [tags]"), encoding="utf-8")
    (project.root / "data/reference/trusted.csv").unlink()
    for seed, (name, rows) in enumerate({"holdout/h": 60, "incoming/east/a": 40, "reference/trusted": 200}.items()):
        frame = make_rows(rows, seed).assign(tags=[["a", "b"]] * rows)
        frame.to_parquet(project.path(f"data/{name}.parquet"), index=False)
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "drill", "report")
    assert "label_flip-20" in json.loads((project.root / REPORTS / "metrics.json").read_text(encoding="utf-8"))
