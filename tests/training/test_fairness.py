import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.fairness_params import FairnessParams
from pratique.core.layout import Layout
from pratique.core.params import TrainParams
from pratique.training.fairness import FAIRNESS_FILE, FairRows, make_fair
from pratique.training.models import train
from pratique.training.weights import locate_training, write_fairness

LAYOUT = Layout("y", {"x": "real", "sex": "category"})
TOLD = {"column": "sex", "group": "F", "against": "M", "favourable": "good"}


def make(group_good, group_bad, other_good, other_bad):
    """Rows of two groups, `x` rising from row to row; good ones come last in each."""
    sizes = (group_bad, group_good, other_bad, other_good)
    y = np.repeat(["bad", "good", "bad", "good"], sizes)
    sex = np.repeat(["F", "F", "M", "M"], sizes)
    x = np.concatenate([np.linspace(-1, 1, group_bad + group_good), np.linspace(-1, 1, other_bad + other_good)])
    return Batch.from_frame("reference", pd.DataFrame({"x": x, "sex": sex, "y": y}), LAYOUT)


def fair(batch, method):
    return make_fair(batch, FairnessParams(method=method, **TOLD))


def test_massaging_changes_the_rows_next_to_the_line_and_no_more_than_the_gap_takes():
    """2 of 10 and 6 of 10 are good: the gap is .4, and .4 x 10 x 10 / 20 = 2 labels change on either side."""
    batch = make(2, 8, 6, 4)
    got = fair(batch, "massaging")
    changed = np.flatnonzero(got.labels != batch.labels)
    assert changed.tolist() == [6, 7, 14, 15]
    assert got.labels[changed].tolist() == ["good", "good", "bad", "bad"]
    assert got.weights is None
    sex = batch.categorical[:, 0]
    assert [(got.labels[sex == group] == "good").mean() for group in ("F", "M")] == [0.4, 0.4]


def test_nothing_changes_where_the_group_fares_better():
    batch = make(6, 4, 2, 8)
    assert (fair(batch, "massaging").labels == batch.labels).all()


def test_reweighing_makes_label_and_group_independent():
    """P(F) P(good) / P(F, good) = .5 x .4 / .1 = 2."""
    batch = make(2, 8, 6, 4)
    got = fair(batch, "reweighing")
    good, group = batch.labels == "good", batch.categorical[:, 0] == "F"
    cells = [got.weights[rows] for rows in (group & good, group & ~good, ~group & good, ~group & ~good)]
    assert [np.unique(cell).round(6).tolist() for cell in cells] == [[2], [0.75], [0.666667], [1.5]]
    assert np.average(good[group], weights=got.weights[group]) == pytest.approx(0.4)
    assert np.average(good[~group], weights=got.weights[~group]) == pytest.approx(0.4)


@pytest.mark.parametrize("method", ["massaging", "reweighing"])
def test_a_model_that_learns_so_gives_the_group_the_good_label_more_often(method):
    batch = make(40, 160, 120, 80)
    plain, made = (
        train(batch, TrainParams(model="logistic_regression", fairness=told), 0).predict(batch) == "good"
        for told in (None, {"method": method, **TOLD})
    )
    group = batch.categorical[:, 0] == "F"
    assert made[group].mean() / made[~group].mean() > plain[group].mean() / plain[~group].mean() + 0.1


def test_rows_of_neither_group_stay():
    batch = make(2, 8, 6, 4)
    frame = batch.frame.assign(sex=np.where(np.arange(20) < 3, "X", batch.categorical[:, 0]))
    other = Batch.from_frame("reference", frame, LAYOUT)
    assert (fair(other, "reweighing").weights[:3] == 1).all()
    assert (fair(other, "massaging").labels[:3] == other.labels[:3]).all()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"column": "x"}, "train.fairness: column 'x': no feature of levels; known: sex"),
        ({"group": "f"}, "no row has the level 'f'"),
        ({"favourable": "great"}, "favourable: no row to learn from has this label"),
    ],
)
def test_a_typing_mistake_is_an_error(told, message):
    with pytest.raises(PratiqueError, match=message):
        make_fair(make(2, 8, 6, 4), FairnessParams(method="massaging", **TOLD | told))


def test_every_row_that_is_not_learned_as_it_stands_is_written(tmp_path, monkeypatch, list_written):
    monkeypatch.chdir(tmp_path)
    batch = make(2, 8, 6, 4)
    reference = batch.take(np.arange(15))
    (paths.ACCEPTED / "vendor").mkdir(parents=True)
    batch.take(np.arange(15, 20)).frame.to_parquet(paths.ACCEPTED / "vendor/w01.parquet", index=False)
    list_written()
    places = locate_training(batch, reference)
    write_fairness(batch, fair(batch, "massaging"), places)
    assert [(line["batch"], line["row"], line["learned_as"]) for line in pq.read_table(FAIRNESS_FILE).to_pylist()] == [
        ("reference", 6, "good"),
        ("reference", 7, "good"),
        ("reference", 14, "bad"),
        ("vendor/w01", 0, "bad"),
    ]
    write_fairness(batch, FairRows(batch.labels), places)
    assert pq.read_table(FAIRNESS_FILE).num_rows == 0


def test_reweighing_takes_a_plain_training_of_ours():
    with pytest.raises(ValueError, match="reweighing goes with the plain method"):
        TrainParams(method="small_loss", fairness={"method": "reweighing", **TOLD})
    assert "fairness" not in TrainParams().model_dump()  # which every digest of params leaves out, as before
