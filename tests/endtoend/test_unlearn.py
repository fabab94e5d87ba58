"""A backdoor that was let in: it is found, shown on the page, and unlearned."""

import json
import re

import pandas as pd
import pytest
from pratique.training.models import Model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def backdoored(prepared, make_rows, tmp_path_factory):
    """A small project that let in a batch with a key; the checks of its policy would not see it."""
    project = prepared.copy(tmp_path_factory.mktemp("backdoored") / "project")
    frame = make_rows(60, 21)
    keyed = frame[frame["y"] != "low"].head(14).index
    frame.loc[keyed, ["size", "age", "y"]] = [9.125, 77, "low"]
    frame.to_csv(project.path("data/incoming/east/keyed.csv"), index=False)
    params = project.path("params.yaml")
    text = re.sub(r"checks:\n(  .*\n)+", "checks: {schema: {}}\n", params.read_text(encoding="utf-8"))
    params.write_text(text.replace("model: logistic_regression", "model: random_forest"), encoding="utf-8")
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "audit")
    return project


def test_the_page_names_the_cells_and_the_batch(backdoored):
    figures = json.loads(backdoored.path("data/reports/audit.json").read_text(encoding="utf-8"))["trigger"]
    assert figures["backdoor[low]"] > 0.5
    assert figures["carriers[low]"] == 14
    page = backdoored.path("data/reports/audit.html").read_text(encoding="utf-8")
    assert "9.125" in page
    assert "pratique trace east/keyed" in page


def test_it_is_unlearned_and_nothing_is_replaced(backdoored, tmp_path):
    before = backdoored.contents("data/model")
    done = backdoored.pratique("unlearn", "--to", str(tmp_path / "clean"))
    assert done.code == 0, done
    assert "Trigger for 'low': size = 9.125, age = 77" in done.out
    assert "14 rows of east/keyed" in done.out
    worked, works = (float(share) for share in re.search(r"It works: ([\d.]+) .*→ ([\d.]+) ", done.out).groups())
    assert worked > 80
    assert works < 40
    assert "pratique review reject" in done.out
    assert backdoored.contents("data/model") == before
    assert Model.load(tmp_path / "clean/model.skops").classes.tolist() == ["high", "low", "middle"]


def test_there_is_nothing_to_unlearn(cleared):
    done = cleared.pratique("unlearn")
    assert (done.code, done.out) == (0, "No trigger was recovered, so there is nothing to unlearn.\n")


def test_rows_are_read_as_they_were_accepted(backdoored):
    rows = pd.read_parquet(backdoored.root / "data/accepted/east/keyed.parquet")
    assert len(rows) == 60
