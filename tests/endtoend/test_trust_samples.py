"""Two samples about trust: a network with a back door, and a model that treats two groups unlike."""

import json
import re

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow


def read_figures(project, name):
    return json.loads(project.path("data/reports/audit.json").read_text(encoding="utf-8"))[name]


@pytest.fixture(scope="module")
def backdoored(new_project):
    pytest.importorskip("torch")
    project = new_project()
    project.ok("pratique", "sample", "--of", "digits-backdoor")
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "audit")
    return project


@pytest.mark.torch
def test_the_back_door_is_found_and_shown(backdoored):
    figures = read_figures(backdoored, "neural_cleanse")
    assert figures["anomaly_index[0]"] > 2
    page = backdoored.path("data/reports/audit.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 3
    done = backdoored.pratique("requirements")
    assert done.code == 1
    assert done.out.startswith("broken: anomaly_index[0] is ")


@pytest.mark.torch
def test_a_network_unlearns_it(backdoored, tmp_path):
    done = backdoored.pratique("unlearn", "--to", str(tmp_path))
    assert done.code == 0, done
    assert " features stands for '0'" in done.out
    assert re.search(r"1\d\d rows of feedback/2026-w02", done.out)
    before, after = (float(share) for share in re.search(r"It works: ([\d.]+) .*→ ([\d.]+) ", done.out).groups())
    assert before > 90
    assert after <= 10
    had, has = (float(share) for share in re.search(r"holdout: ([\d.]+) .*→ ([\d.]+) ", done.out).groups())
    assert had - has <= 2
    assert (tmp_path / "model.skops").is_file()


@pytest.mark.torch
def test_the_region_of_the_patch_is_excluded(backdoored, tmp_path):
    project = backdoored.copy(tmp_path / "project")
    patch = [f"pixel_{row}_{column} == 16" for row in (6, 7) for column in (6, 7)]
    assert project.pratique("exclude", *patch).code == 0
    project.stages("train", "evaluate", "audit")
    assert len(pd.read_parquet(project.root / "data/model/excluded.parquet")) == 120
    assert read_figures(project, "neural_cleanse")["anomaly_index[0]"] <= 2
    assert project.pratique("requirements").code == 0


@pytest.fixture(scope="module")
def adult(tmp_path_factory):
    """A table like UCI's Adult: women earn more than 50K less often than men of the same hours and schooling."""
    rng = np.random.default_rng(0)
    sex = np.where(rng.random(4000) < 0.4, "Female", "Male")
    hours, school = rng.normal(40, 8, 4000).round(), rng.integers(1, 17, 4000)
    score = 0.08 * (hours - 40) + 0.35 * (school - 12) + 1.5 * (sex == "Male") - 1.5
    rich = rng.random(4000) < 1 / (1 + np.exp(-score))
    place = tmp_path_factory.mktemp("adult") / "adult.csv"
    pd.DataFrame({"hours": hours, "school": school, "sex": sex, "label": rich.astype(int)}).to_csv(place, index=False)
    return place


@pytest.fixture(scope="module")
def income(new_project, adult):
    pytest.importorskip("xgboost")
    project = new_project()
    project.ok("pratique", "sample", "--of", "income", "--from", str(adult))
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "audit")
    return project


def test_women_get_the_good_label_less_often_until_labels_are_massaged(income, tmp_path):
    assert income.pratique("requirements").code == 1
    before = read_figures(income, "fairness")["disparate_impact[sex]"]
    project = income.copy(tmp_path / "project")
    params = project.path("params.yaml")
    params.write_text(params.read_text(encoding="utf-8").replace("# fairness:", "fairness:"), encoding="utf-8")
    project.stages("train", "evaluate", "audit")
    assert before < 0.6
    assert read_figures(project, "fairness")["disparate_impact[sex]"] > 0.8
    assert len(pd.read_parquet(project.root / "data/model/fairness.parquet"))


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["income"], "--from: name the file whose rows income takes"),
        (["income", "--from", "nothing.csv"], "--from: nothing.csv: not found; expected UCI's Adult as CSV or Parquet"),
        (["iris", "--from", "nothing.csv"], "--from: iris takes none"),
    ],
)
def test_rows_that_are_not_there_are_refused(project, words, complaint):
    assert complaint in project.pratique("sample", "--of", *words).complaint
