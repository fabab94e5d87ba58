"""Rows that moved together: what is simulated, what is asked, and what clean and moved batches answer."""

import numpy as np
import pandas as pd
import pytest
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.detector.clean_rows import CleanRows
from pratique.detector.mean_shift import (
    MEAN_SHIFT_COPIES,
    MOVED_COLUMN_SHARE,
    ColumnScorers,
    MeanShiftTest,
    _shift_rows,
    fit_mean_shift,
)
from pratique.detector.signals import SignalRarity
from pratique.statistics import mixture

LAYOUT = Layout("y", {"a": "real", "b": "real", "c": "real", "d": "real", "still": "real"})


def frame(rows: int, seed: int) -> pd.DataFrame:
    """Three columns that follow one factor, one that follows nothing, and one that never changes."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=rows)
    columns = {name: factor + rng.normal(0, 0.4, rows) for name in "abc"}
    return pd.DataFrame(columns | {"d": rng.normal(size=rows), "still": 1.0, "y": np.repeat("u", rows)})


def signals(_: int, batch: Batch) -> np.ndarray:
    """What a check might measure: how far each column is from the mean of the two that it goes with."""
    a, b, c, d, _still = batch.numeric.T
    return np.column_stack([a - (b + c) / 2, b - (a + c) / 2, c - (a + b) / 2, d]).astype(np.float32)


def out_of_fold(rows: int) -> CleanRows:
    """Limits from the rows that each fold left out."""
    return CleanRows(None, np.arange(rows), ordered=False, seed=7)


def learn(table: pd.DataFrame, layout: Layout = LAYOUT) -> MeanShiftTest | None:
    parts = [Batch.from_frame("reference", table[k::5], layout) for k in range(5)]
    rest = [np.vstack([signals(j, parts[j]) for j in range(5) if j != k]) for k in range(5)]
    return fit_mean_shift(
        signals,
        parts,
        [signals(0, part) for part in parts],
        [SignalRarity.of(clean) for clean in rest],
        7,
        out_of_fold(len(table)),
    )


@pytest.fixture(scope="module")
def trusted() -> pd.DataFrame:
    return frame(600, 1)


@pytest.fixture(scope="module")
def moved(trusted) -> MeanShiftTest:
    found = learn(trusted)
    assert found is not None
    return found


def rarity(trusted: pd.DataFrame) -> SignalRarity:
    """Of the rows that the first fold's lines have learned from."""
    return SignalRarity.of(np.vstack([signals(j, Batch.from_frame("s/b", trusted[j::5], LAYOUT)) for j in range(1, 5)]))


def asked(moved: MeanShiftTest, others: SignalRarity, batch: pd.DataFrame) -> np.ndarray:
    """The ratios of the first fold's questions."""
    features = others.rate(signals(0, Batch.from_frame("s/b", batch, LAYOUT))).complete_features
    return mixture.sum_terms(moved.folds[0].log_odds(features).T, moved.cap).max(axis=-1)


def test_every_copy_goes_up_in_columns_of_its_own(trusted):
    part = Batch.from_frame("reference", trusted[:200], LAYOUT)
    batch, cells = _shift_rows(part, [3, 0])
    before, after = np.tile(part.numeric, (MEAN_SHIFT_COPIES, 1)), batch.numeric
    np.testing.assert_array_equal(cells, after != before)
    assert (after >= before).all()
    assert not cells[:, 4].any()  # a column that never changes has nowhere to go
    assert cells.sum(axis=1).max() == round(MOVED_COLUMN_SHARE * 5)
    assert cells[:, :4].mean(axis=0) == pytest.approx(np.full(4, MOVED_COLUMN_SHARE * 4 / 3 * 0.8), abs=0.12)
    assert batch.labels.tolist() == part.labels.tolist() * MEAN_SHIFT_COPIES


def test_the_lines_by_hand():
    lines = ColumnScorers(np.array([1.0, 0.0]), np.array([[2.0, 0.0], [0.0, -1.0]]), np.array([0.5, 0.0]))
    features = np.array([[2.0, 3.0]])
    assert lines.log_odds(features).tolist() == [[2.5, -3.0]]
    assert lines.recalibrate([(2.0, 1.0), (1.0, 0.0)]).log_odds(features).tolist() == [[6.0, -3.0]]


def test_columns_that_can_move_are_asked_about(moved):
    assert moved.columns == ("a", "b", "c", "d")


@pytest.mark.parametrize("column", ["a", "b", "c"])
def test_rows_that_went_up_in_one_column_are_found_and_the_column_is_named(moved, trusted, column):
    batch = frame(100, 2)
    batch.loc[:24, column] += 1.1  # a standard deviation
    ratios = asked(moved, rarity(trusted), batch)
    assert moved.null.at(100).p_value(float(ratios.max())) < 1e-3
    assert moved.evidence(ratios).columns[0].columns == (column,)


def test_clean_batches_are_as_rare_as_they_look(moved, trusted):
    null, others = moved.null.at(60), rarity(trusted)
    p_values = np.array([null.p_value(float(asked(moved, others, frame(60, 100 + i)).max())) for i in range(200)])
    assert (p_values <= 0.01).mean() <= 0.03
    assert (p_values <= 0.2).mean() == pytest.approx(0.2, abs=0.12)


def test_few_trusted_rows_do_not_deny_that_there_are_odd_ones():
    """Without the row that answers every question with the cap, 14 of these 400 clean batches alarm."""
    alarms = 0
    for reference in range(8):
        few = frame(60, 1000 + reference)
        found = learn(few)
        assert found is not None
        null, others = found.null.at(20), rarity(few)
        batches = (frame(20, 5000 + 50 * reference + i) for i in range(50))
        alarms += sum(null.p_value(float(asked(found, others, batch).max())) <= 0.01 for batch in batches)
    assert alarms <= 6


def test_rows_that_all_come_from_one_region_have_not_moved(moved, trusted):
    """What holds between columns holds there, too."""
    many = frame(3000, 5)
    region = many[many["a"] > 0.5][:100]
    assert moved.null.at(100).p_value(float(asked(moved, rarity(trusted), region).max())) > 1e-3


def test_a_column_on_which_folds_disagree_is_not_asked_about(trusted):
    """The checks of one fold measure a column otherwise than those of the others: its clean rows look moved."""

    def uneven(fold: int, batch: Batch) -> np.ndarray:
        return signals(fold, batch) + np.float32([0, 0.8 * (fold == 2), 0, 0])

    parts = [Batch.from_frame("reference", trusted[k::5], LAYOUT) for k in range(5)]
    clean = [uneven(k, part) for k, part in enumerate(parts)]
    rest = [np.vstack(clean[:k] + clean[k + 1 :]) for k in range(5)]
    found = fit_mean_shift(uneven, parts, clean, [SignalRarity.of(rows) for rows in rest], 7, out_of_fold(len(trusted)))
    assert found is not None
    assert "b" not in found.columns
    assert "d" in found.columns


def test_nothing_is_asked_where_nothing_can_move(trusted):
    assert learn(trusted[["still", "y"]].assign(a=0.0, b=0.0, c=0.0, d=0.0)) is None


def test_without_numbers_nothing_is_asked():
    layout = Layout("y", {"colour": "category"})
    batch = Batch.from_frame("reference", pd.DataFrame({"colour": ["red"] * 30, "y": ["u"] * 30}), layout)
    assert fit_mean_shift(signals, [batch] * 5, [], [], 0, out_of_fold(30)) is None
