"""The price of a release: the interval by hand, and a batch whose harm is known."""

import json
import sys
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.cached import read_cached
from pratique.core.params import DataParams, Params, TrainParams
from pratique.core.writing import write_table
from pratique.results import price
from pratique.results.price import Pricing, paired_interval
from pratique.tables.reading import read_table

PARAMS = Params(data=DataParams(label="y"), checks={"labels": {}}, train=TrainParams(trees=20))


@pytest.fixture
def folder(tmp_path, monkeypatch, make_table, list_written):
    """120 accepted rows, a holdout, and two held batches: one flipped, one as good as any."""
    monkeypatch.chdir(tmp_path)
    flipped = make_table(120, seed=4).labels.copy()
    flipped = np.where(flipped == "yes", "no", "yes")
    tables = {
        paths.REFERENCE / "r.parquet": make_table(100, seed=1),
        paths.HOLDOUT / "h.parquet": make_table(200, seed=2),
        paths.ACCEPTED / "crowd/w00.parquet": make_table(60, seed=3),
        paths.QUARANTINE / "crowd/bad/rows.parquet": make_table(120, seed=4, y=flipped),
        paths.QUARANTINE / "crowd/good/rows.parquet": make_table(60, seed=5),
    }
    for path, batch in tables.items():
        write_table(path, batch.table)
    list_written()
    return tmp_path


def reference(layout):
    return Batch("reference", read_table(paths.REFERENCE / "r.parquet"), layout)


def test_no_change_has_no_interval():
    assert paired_interval(0, 0, 300, seed=0) == (0.0, 0.0)


def test_the_interval_is_that_of_the_paired_bootstrap():
    worse, better, rows = 30, 10, 400
    low, high = paired_interval(worse, better, rows, seed=0)
    mean = (better - worse) / rows
    spread = np.sqrt(((worse + better) / rows - mean**2) / rows)
    assert low == pytest.approx(mean - 1.96 * spread, abs=0.005)
    assert high == pytest.approx(mean + 1.96 * spread, abs=0.005)
    changes = np.repeat([-1, 1, 0], [worse, better, rows - worse - better])
    rng = np.random.default_rng(1)
    draws = [changes[rng.integers(rows, size=rows)].mean() for _ in range(4000)]
    assert (low, high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.006)


def test_flipped_rows_cost_and_good_rows_do_not(folder, table_layout, make_record):
    pricing = Pricing(PARAMS, reference(table_layout))
    bad = pricing.of(make_record(batch="crowd/bad"))
    good = pricing.of(make_record(batch="crowd/good"))
    assert bad is not None
    assert good is not None
    assert (bad.rows, good.rows, bad.holdout, bad.thinned) == (120, 60, 200, 1.0)
    assert bad.without == good.without > 0.95
    assert bad.high < -0.2
    assert bad.difference == pytest.approx((bad.better - bad.worse) / 200, abs=1e-6)
    assert good.low <= 0 <= good.high
    label, before, after, of = bad.hit
    assert (label in ("yes", "no"), of) == (True, 100)
    assert before > after


def test_a_price_is_measured_once_for_the_same_rows(folder, table_layout, make_record, monkeypatch):
    first = Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad"))
    (kept,) = price.PRICES.iterdir()
    monkeypatch.setattr(Pricing, "_measure", lambda *_: pytest.fail("measured again"))
    assert Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad")) == first
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    kept.write_text("{", encoding="utf-8")  # deleting or spoiling it costs time only
    assert Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad")) == first
    assert json.loads(read_cached(kept))["rows"] == 120


def test_other_accepted_rows_mean_another_price(folder, table_layout, make_record, make_table, list_written):
    before = Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad"))
    write_table(paths.ACCEPTED / "crowd/w99.parquet", make_table(400, seed=9).table)
    list_written()
    after = Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad"))
    assert after.difference > before.difference


def test_a_team_s_own_model_is_priced_and_anew_once_its_code_is_edited(folder, table_layout, make_record, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    code = folder / "priced_by_a_team.py"
    code.write_text("from sklearn.tree import DecisionTreeClassifier as Tree\n")
    own = TrainParams(estimator="priced_by_a_team:Tree", params={"max_depth": 4})
    params = PARAMS.model_copy(update={"train": own})
    first = Pricing(params, reference(table_layout)).of(make_record(batch="crowd/bad"))
    assert first.high < -0.1
    for text, kept in ((code.read_text(), 1), ("# edited\n", 2)):
        code.write_text(text)
        assert Pricing(params, reference(table_layout)).of(make_record(batch="crowd/bad")) == first
        assert len(list(price.PRICES.iterdir())) == kept


def test_many_rows_are_thinned_alike(folder, table_layout, make_record, monkeypatch):
    monkeypatch.setattr(price, "PRICED_ROWS", 90)
    monkeypatch.setattr(price, "FEWEST_TRAINING_ROWS", 20)
    thinned = Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad"))
    assert thinned.thinned == pytest.approx(90 / 280, abs=1e-6)  # 100 trusted, 60 accepted, 120 held
    assert thinned.rows == 120
    assert thinned.high < 0


def test_a_giant_batch_leaves_the_accepted_rows_as_they_are(folder, table_layout, make_record, monkeypatch):
    whole = Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/good"))
    monkeypatch.setattr(price, "PRICED_ROWS", 30)
    thinned = Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad"))
    assert thinned.without == whole.without


def test_where_nothing_is_held_there_is_no_price(folder, table_layout, make_record):
    assert Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad", fault="torn")) is None
    assert Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad", held_rows=0)) is None


def test_rows_without_labels_cannot_be_priced(folder, table_layout, make_record, make_table, list_written):
    write_table(paths.QUARANTINE / "crowd/blank/rows.parquet", make_table(20, y=[None] * 20).table)
    list_written()
    assert Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/blank")) is None


def test_a_batch_that_lacks_a_column_can_be_priced(folder, table_layout, make_record, list_written):
    path = paths.QUARANTINE / "crowd/bad/rows.parquet"
    write_table(path, pq.read_table(path).drop_columns(["size"]))
    list_written()
    assert Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad")).rows == 120


def test_a_personal_label_is_not_told(folder, table_layout, make_record):
    layout = replace(table_layout, personal=("y",))
    assert Pricing(PARAMS, reference(layout)).of(make_record(batch="crowd/bad")).hit is None


def test_accepted_rows_are_read_only_where_a_price_has_to_be_measured(folder, table_layout, make_record, monkeypatch):
    first = Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad"))
    monkeypatch.setattr(price, "read_training", lambda *_: pytest.fail("the accepted rows were read"))
    assert Pricing(PARAMS, reference(table_layout)).of(make_record(batch="crowd/bad")) == first
