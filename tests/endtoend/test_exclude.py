"""`pratique exclude`: written to params.yaml, recorded row by row, shown on the page, undone by a command."""

import json

import pandas as pd
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def excluded(cleared, tmp_path_factory):
    """A small project that leaves rows of a region out of training."""
    project = cleared.copy(tmp_path_factory.mktemp("excluded") / "project")
    assert project.pratique("exclude", "size > 0.5", "age <= 60").code == 0
    project.stages("train", "evaluate", "audit")
    return project


def inside(frame):
    return frame[(frame["size"] > 0.5) & (frame["age"] <= 60)]


def test_only_the_region_is_written_into_params(excluded):
    assert "[size > 0.5, age <= 60]" in excluded.path("params.yaml").read_text(encoding="utf-8")
    assert "size > 0.5 and age <= 60: " in excluded.pratique("exclude").out


def test_each_row_is_in_the_record_of_the_training(excluded):
    listed = pd.read_parquet(excluded.root / "data/model/excluded.parquet")
    assert set(listed["region"]) == {"size > 0.5 and age <= 60"}
    total = 0
    for batch, rows in listed[listed["batch"] != "reference"].groupby("batch"):
        accepted = pd.read_parquet(excluded.root / f"data/accepted/{batch}.parquet")
        assert inside(accepted).index.tolist() == rows["row"].tolist()
        total += len(rows)
    assert 0 < total < len(listed)
    manifest = json.loads(excluded.path("data/model/manifest.json").read_text(encoding="utf-8"))
    assert manifest["excluded"]
    assert manifest["rows"] + len(listed) > manifest["rows"] > 0


def test_trace_and_the_page_say_so(excluded):
    verdicts = pd.read_csv(excluded.root / "data/reports/batches.csv", index_col="batch")["verdict"]
    listed = pd.read_parquet(excluded.root / "data/model/excluded.parquet").set_index("batch")["row"]
    whole = [batch for batch in listed.index.unique() if verdicts.get(batch) == "accept"]
    told = excluded.pratique("trace", f"{whole[0]}:{listed[[whole[0]]].iloc[0]}").out
    assert "did not reach the model: params.yaml excludes size > 0.5 and age <= 60 from training" in told
    page = excluded.path("data/reports/audit.html").read_text(encoding="utf-8")
    assert "What no model learns from" in page
    assert "pratique exclude --undo" in page


def test_a_list_that_is_gone_or_another_one_is_not_believed(excluded, tmp_path):
    listed = pd.read_parquet(excluded.root / "data/model/excluded.parquet")
    batch, row = listed.loc[listed["batch"] != "reference", ["batch", "row"]].iloc[0]
    project = excluded.copy(tmp_path / "project")
    place = project.root / "data/model/excluded.parquet"
    listed.iloc[:1].to_parquet(place)
    unknown = "whether it reached the model is unknown: data/model/excluded.parquet"
    assert f"{unknown} is not the list of data/model/manifest.json" in project.pratique("trace", f"{batch}:{row}").out
    place.unlink()
    assert f"{unknown} is not here" in project.pratique("trace", f"{batch}:{row}").out


def test_it_is_undone_by_a_command(excluded, cleared, tmp_path):
    project = excluded.copy(tmp_path / "project")
    assert project.pratique("exclude", "--undo", "size > 0.5", "age <= 60").code == 0
    assert project.path("params.yaml").read_bytes() == cleared.path("params.yaml").read_bytes()
    project.stages("train")
    assert not project.path("data/model/excluded.parquet").exists()
    assert project.pratique("exclude").out == "No region is excluded from training.\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["height > 3"], "params.yaml: train.exclude: column 'height' is no feature; known: "),
        (["size"], "'size': expected COLUMN, one of < <= > >= ==, and VALUE"),
        (["size > 0.5", "age <= 60"], "size > 0.5 and age <= 60: is excluded already"),
        (["--undo", "size > 7"], "size > 7: is not excluded; `pratique exclude` lists what is"),
        (["--undo"], "--undo: name the conditions of the region"),
    ],
)
def test_what_can_not_be_excluded_is_refused_and_changes_nothing(excluded, words, complaint):
    before = excluded.path("params.yaml").read_bytes()
    assert complaint in excluded.pratique("exclude", *words).complaint
    assert excluded.path("params.yaml").read_bytes() == before
