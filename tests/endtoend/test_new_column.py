"""A vendor adds a column: the way that docs/policy.md gives, in two changes, with real git and DVC."""

import csv

import numpy as np
import pandas as pd
import pytest
from pratique.provenance.record import Record
from pratique.training.models import Model

pytestmark = pytest.mark.slow

COLUMNS, SCHEMA = "expectations/columns.yaml", "expectations/schema.yaml"


def with_income(rows, seed):
    """The rows with the column that the vendor delivers from now on."""
    noise = np.random.default_rng(seed).normal(0, 3, len(rows))
    return rows.assign(income=(30 + 5 * rows["size"] + noise).round(2))


def lines_of(project):
    with (project.root / "data/reports/batches.csv").open(encoding="utf-8", newline="") as stream:
        return {line["batch"]: line for line in csv.DictReader(stream)}


def repro(project):
    """`dvc repro` and commit, as CI does after a merge."""
    project.ok("dvc", "repro", "-q")
    project.by("mia").commit()


def merge(change, name):
    change.ok("git", "switch", "-q", "main")
    change.ok("git", "merge", "-q", "--no-ff", "-m", name, name)


@pytest.fixture(scope="module")
def first(main, make_rows, tmp_path_factory):
    """The first change is merged and the pipeline has run: one batch of the past was released by Rita."""
    team = main.copy(tmp_path_factory.mktemp("vendor") / "project").by("sam")
    team.bring(make_rows(40, seed=12, flipped=0.5), "east/flipped.csv")
    team.stages("ingest", "validate")
    done = team.by("rita").pratique("review", "release", "east/flipped", "--reason", "labels were corrected")
    assert done.code == 0, done
    repro(team)

    team.ok("git", "switch", "-q", "-c", "income")
    team.ok("pratique", "settle")
    for name, seed in (("data/reference/trusted.csv", 1), ("data/holdout/rows.csv", 2)):
        with_income(pd.read_csv(team.root / name), seed).to_csv(team.root / name, index=False)
    team.edit(COLUMNS, '  "y":', '  "income": {kind: real}\n  "y":')
    team.edit(SCHEMA, '  "y":', '  "income":\n    dtype: float64\n    in_range: {min_value: 0, max_value: 200}\n  "y":')
    done = team.run("pratique", "replay")
    assert done.code == 1, done
    assert done.out.count("the verdict before stands") == done.out.count("tightened: ") > 0
    team.by("mia").commit()
    done = team.gate(submitter="mia@example.org")
    assert done.code == 0, done
    assert "3 verdicts stand from now on" in done.out
    assert "of 3 past verdicts; it loosens none; " in done.out
    merge(team, "income")
    repro(team)
    return team


def test_nothing_that_was_accepted_before_is_lost(first):
    assert {batch: line["outcome"] for batch, line in lines_of(first).items()} == {
        "east/first": "accepted",
        "east/flipped": "accepted",
        "west/second": "accepted",
    }
    assert lines_of(first)["east/flipped"]["decision"] == "release"


def test_the_second_change_brings_the_column_and_old_and_new_rows_train_together(first, make_rows, tmp_path):
    team = first.copy(tmp_path / "project")
    team.ok("git", "switch", "-q", "-c", "july")
    team.bring(with_income(make_rows(40, seed=21), 21), "east/july.csv")
    team.bring(make_rows(40, seed=22), "west/late.csv")  # from now on a batch without it is held
    team.commit()
    assert team.gate().code == 1
    assert [each["batch"] for each in team.found["batches"] if each["passes"]] == ["east/july"]
    team.ok("git", "rm", "-q", "data/incoming/west/late.csv")
    team.commit()
    done = team.gate()
    assert done.code == 0, done
    merge(team, "july")
    repro(team)

    outcomes = {batch: line["outcome"] for batch, line in lines_of(team).items()}
    assert outcomes == dict.fromkeys(["east/first", "east/flipped", "east/july", "west/second"], "accepted")
    assert Record.read(team.root / "data/records/east/first.json").standing is not None
    assert Record.read(team.root / "data/records/east/july.json").standing is None
    model = Model.load(team.root / "data/model/model.skops")
    assert "income" in model.layout.kinds
    accepted = {path.stem: pd.read_parquet(path) for path in (team.root / "data/accepted").glob("*/*.parquet")}
    assert accepted["first"]["income"].isna().all()
    assert accepted["july"]["income"].notna().all()
    assert "All holds" in team.ok("pratique", "verify")
