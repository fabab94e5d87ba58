"""Extremes: one absurd cell holds its row; clean rows, heavy tails and columns of zeros are left alone."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.checks.extremes import HELD_BATCHES, Extremes
from pratique.contract.check import measure
from pratique.core.batch import Batch
from pratique.core.params import DataParams
from pratique.tables.trusted import layout_of


def columns(rows, seed):
    """Columns as tables have them."""
    rng = np.random.default_rng(seed)
    return {
        "count": rng.integers(0, 17, rows),
        "normal": rng.normal(5.0, 1.0, rows),
        "money": rng.lognormal(8.0, 2.0, rows).round(2),
        "rare": np.where(rng.random(rows) < 0.03, rng.lognormal(6.0, 1.5, rows), 0.0),
        "flag": rng.integers(0, 2, rows),
        "constant": np.full(rows, 7.0),
    }


def batch_of(rows, seed, **roles):
    table = pa.table(columns(rows, seed) | {"label": pa.array(["a", "b"] * (rows // 2))})
    reference = pa.table(columns(1000, 1) | {"label": pa.array(["a", "b"] * 500)})
    return Batch("west/1", table, layout_of(reference, DataParams(label="label", **roles)))


TRUSTED = batch_of(1000, 1)
FITTED = Extremes().fit(TRUSTED, np.random.default_rng(0))


def with_cell(batch, column, value, row=3):
    cells = batch.table[column].to_pylist()
    cells[row] = value
    place = batch.table.column_names.index(column)
    return Batch(batch.name, batch.table.set_column(place, column, pa.array(cells)), batch.layout)


@pytest.mark.parametrize(
    ("column", "value", "side"),
    [
        ("count", 1_000_000, "above"),
        ("count", 100, "above"),
        ("count", -999, "below"),
        ("normal", 500.0, "above"),
        ("normal", -99.0, "below"),
        ("money", 1e15, "above"),
        ("money", -1e5, "below"),
        ("rare", 1e12, "above"),
        ("flag", 40, "above"),
    ],
)
def test_an_absurd_cell_holds_its_row_and_the_column_is_named(column, value, side):
    finding = measure(FITTED, with_cell(batch_of(200, 2), column, value))
    assert list(finding.forbidden) == [3]
    assert finding.forbidden[3].startswith(f"{column}: far {side} all trusted rows, got ")
    assert (finding.breaches, finding.evidence.columns[0].columns) == ((), (column,))


@pytest.mark.parametrize(("column", "value"), [("money", 1e7), ("rare", 1e5), ("constant", 1e6), ("normal", None)])
def test_a_heavy_tail_a_constant_and_a_missing_cell_are_left_alone(column, value):
    assert measure(FITTED, with_cell(batch_of(200, 2), column, value)).forbidden == {}


def test_clean_rows_are_held_in_fewer_batches_than_budgeted():
    held = [bool(measure(FITTED, batch_of(100, seed)).forbidden) for seed in range(100, 400)]
    assert sum(held) <= 300 * HELD_BATCHES


def test_no_cell_of_a_personal_column_is_shown():
    batch = with_cell(batch_of(200, 2, personal=("money",)), "money", 1e15)
    (said,) = measure(FITTED, batch).forbidden.values()
    assert said == "money: far above all trusted rows, got (hidden)"


def test_a_column_of_few_cells_has_no_limit():
    few = batch_of(1000, 1).take(np.arange(18))
    fitted = Extremes().fit(few, np.random.default_rng(0))
    assert measure(fitted, with_cell(batch_of(200, 2), "count", 10**9)).forbidden == {}
