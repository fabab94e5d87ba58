"""`pratique sample --of` an experiment, and `dvc repro`: tables, numbers, pictures; then nothing is left to do."""

import json
from dataclasses import replace

import pytest
from pratique.experiments.discovery import load_experiment

SMALL = {"repetitions": 1, "epochs": 20, "steps": 3, "grid": 4}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["transfer", "one-point-map"])  # one with curves, one with a plane
def test_a_fresh_folder_runs_as_it_is(project, name):
    project.ok("pratique", "sample", "--of", name, "sample")
    inside = replace(project, root=project.root / "sample")
    params = inside.root / "params.yaml"
    text = params.read_text(encoding="utf-8")
    for field, value in SMALL.items():
        if field in load_experiment(name).model_fields:
            default = json.dumps(load_experiment(name).model_fields[field].default)
            text = text.replace(f"    {field}: {default} ", f"    {field}: {value} ")
    params.write_text(text, encoding="utf-8")
    assert "Running stage 'experiment'" in inside.ok("dvc", "repro")
    found = inside.root / "data/reports/experiment"
    tables = list(found.glob("*.csv"))
    assert tables
    assert all(len(table.read_text().splitlines()) > 2 for table in tables)
    assert list(found.glob("*.png"))
    assert json.loads((inside.root / "data/reports/experiment.json").read_text())
    inside.ok("dvc", "plots", "show", "-o", "shown")
    assert "Data and pipelines are up to date." in inside.ok("dvc", "repro")


@pytest.mark.parametrize("theirs", ["params.yaml", "dvc.yaml", "data/rows/mine.csv"])
def test_another_pipeline_is_refused_and_stays_as_it_is(project, theirs):
    project.path(theirs).write_text("seed: 1\n", encoding="utf-8")
    complaint = project.pratique("sample", "--of", "transfer").complaint
    assert complaint == f"{theirs}: belongs to another pipeline; name an empty folder"
    assert project.contents(".") == {theirs: b"seed: 1\n"}


def test_an_unknown_name_is_refused_with_those_that_are_known(project):
    complaint = project.pratique("sample", "--of", "magic").complaint
    assert complaint.startswith("--of: no such sample 'magic'; known: spam, digits, digits-backdoor, iris, income, ")
    assert "one-point-map" in complaint


def test_an_experiment_needs_its_folder(project):
    assert "write an experiment's folder with `pratique sample --of NAME`" in project.pratique("experiment").complaint
