"""The tasks of docs/orchestrators.md, run as plain functions; and what docs/first-rows.md promises of few rows."""

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow.parquet as pq
import pytest
from pratique.core.params import AlarmParams
from pratique.detector.adequacy import BudgetAdequacy
from pydantic import BaseModel

DOCS = Path(__file__).parents[2] / "docs"


class Refused(Exception):
    """What a scheduler raises for a task that must not be tried again."""

    def __init__(self, description="", allow_retries=False):
        super().__init__(description)
        assert not allow_retries


def module(name, **names):
    made = ModuleType(name)
    made.__dict__.update(names)
    return made


def bare(function=None, **_):
    """A decorator that leaves the function as it is, with or without options."""
    return function or bare


SCHEDULERS = {
    "airflow": module("airflow"),
    "airflow.exceptions": module("airflow.exceptions", AirflowFailException=Refused),
    "airflow.sdk": module("airflow.sdk", dag=bare, task=bare),
    "dagster": module("dagster", Config=BaseModel, Failure=Refused, asset=bare),
}


@pytest.mark.slow
def test_the_tasks_clear_a_good_batch_and_refuse_a_poisoned_one(tmp_path, monkeypatch, make_rows):
    clearing, airflow, dagster, parts = re.findall(
        r"```python\n(.*?)```", (DOCS / "orchestrators.md").read_text(), re.S
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "clearing.py").write_text(clearing)
    (tmp_path / "incoming").mkdir()
    make_rows(200, 1).to_csv("trusted.csv", index=False)
    make_rows(40, 2).to_csv("incoming/monday.csv", index=False)
    make_rows(40, 3, flipped=0.6).to_csv("incoming/tuesday.csv", index=False)
    for name, made in SCHEDULERS.items():
        monkeypatch.setitem(sys.modules, name, made)
    flow, assets = {}, {}
    import clearing as written

    written.learn("trusted.csv", "y", "profile")
    airflow = airflow.replace('"{{ params.batch }}"', '"incoming/monday.csv"')  # what Airflow puts in its place
    exec(airflow, flow)
    assert pq.read_table("accepted/monday.parquet").num_rows == 40
    exec(dagster, assets)
    place = assets["accepted_rows"](assets["Delivery"](batch="incoming/monday.csv"))
    assert place == "accepted/monday.parquet"
    for refuse in (flow["clear_batch"], lambda batch: assets["accepted_rows"](assets["Delivery"](batch=batch))):
        with pytest.raises(Refused, match=r"incoming/tuesday\.csv: .*labels.*; p-value "):
            refuse("incoming/tuesday.csv")
    assert [path.name for path in Path("accepted").iterdir()] == ["monday.parquet"]
    engine: dict[str, Any] = {}
    exec(parts, engine)
    clean, poisoned = engine["judge_each"](
        iter([make_rows(40, 2), make_rows(40, 3, flipped=0.6).set_axis(range(9, 49))])
    )
    assert (set(clean["verdict"]), set(poisoned["verdict"])) == ({"accept"}, {"quarantine"})
    assert len(poisoned) == poisoned["quarantined"].sum() == 40
    assert clean["score"].notna().all()


def test_what_few_trusted_rows_keep_is_what_the_program_says():
    text = (DOCS / "first-rows.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| ([\d,]+) \| (\d+) \|$", text, re.M)
    assert len(lines) == 5
    for rows, kept in lines:
        trusted = int(rows.replace(",", ""))
        assert BudgetAdequacy(1, trusted).achievable == int(kept)
        assert BudgetAdequacy(int(kept), trusted).warning == ""
    assert BudgetAdequacy(AlarmParams().per_1000_batches, 0).needed == 600
