"""Duplicates: similarity by hand, copies and triggers, and scores that do not grow with the batch."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pratique.checks.duplicates import CrowdLimit, Duplicates, Pairs, beyond_two, draw_rows, find_crowds
from pratique.contract.check import measure
from pratique.core.batch import Batch
from pratique.core.params import DataParams
from pratique.statistics.likeness import LikenessLimits
from pratique.tables.agreement import NEAR_TRUSTED_VALUES, CellPlaces, TrustedCells, sum_agreements
from pratique.tables.trusted import layout_of


@pytest.fixture(scope="module")
def make():
    """Batches of four numbers, a level and a label that says nothing."""

    def make(rows, seed):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=list("abcd"))
        return frame.assign(e=rng.choice(["red", "blue", "white"], rows), y=rng.choice(["no", "yes"], rows))

    return make


@pytest.fixture(scope="module")
def trusted(make):
    table = pa.Table.from_pandas(make(400, 0), preserve_index=False)
    return Batch("reference", table, layout_of(table, DataParams(label="y")))


@pytest.fixture(scope="module")
def fitted(trusted):
    return Duplicates().fit(trusted, np.random.default_rng(0))


def test_agreements_count_by_how_few_trusted_rows_have_the_value():
    """Of 6 trusted numbers three are 0; 9 stands beyond them all; of 6 levels two are blue."""
    cells = TrustedCells(np.array([[0.0], [0], [0], [1], [2], [3]]), {"e": np.array(["blue"] * 2 + ["red"] * 4)}, 6)
    layout = layout_of(pa.table({"a": [0.5], "e": ["blue"], "y": ["no"]}), DataParams(label="y"))
    frame = pd.DataFrame({"a": [0.0, 0.0, 9.0, 8.0], "e": ["blue", "red", "red", "green"], "y": "no"})
    placed = cells.of(Batch.from_frame("s/b", frame, layout))
    zero, beyond, blue, red, green = -np.log([5 / 8, 2 / 8, 4 / 8, 6 / 8, 2 / 8])
    expected = [
        [zero + blue, zero, 0, 0],
        [zero, zero + red, red, 0],
        [0, red, beyond + red, beyond],
        [0, 0, beyond, beyond + green],
    ]
    np.testing.assert_allclose(sum_agreements(placed), expected, rtol=1e-6)


def test_trusted_rows_do_not_count_themselves_and_levels_are_never_near():
    """Of 1, 2, 3, 9 the first two agree with those one value away; red, blue and white agree with themselves only."""
    layout = layout_of(pa.table({"a": [0.5], "e": ["blue"], "y": ["no"]}), DataParams(label="y"))
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0, 9.0], "e": ["red", "white", "blue", "green"], "y": "no"})
    cells = TrustedCells(np.sort(frame[["a"]].to_numpy(), axis=0), {"e": np.sort(frame["e"].to_numpy(str))}, 4)
    batch = Batch.from_frame("reference", frame, layout)
    agree = sum_agreements(cells.of(batch, itself=1), within=NEAR_TRUSTED_VALUES) > 0
    expected = np.abs(np.subtract.outer(np.arange(4), np.arange(4))) <= 2
    np.testing.assert_array_equal(agree, expected)


def test_rarity_is_the_poisson_tail_by_hand():
    """Of 1,000 trusted pairs four reach 5: 5 x 4 x 200 / 1,000 are expected among 200."""
    limits = LikenessLimits.of(np.array([8.0, 7.0, 6.0, 5.0, 1.0], np.float32), 1000, margin=5.0)
    np.testing.assert_allclose(limits.limits, [5, 8, 8], rtol=1e-6)
    np.testing.assert_allclose(limits.shares, [0.02, 0.005, 0.005])
    expected = 4.0
    tail = 1 - np.exp(-expected) * sum(expected**i / [1, 1, 2, 6, 24][i] for i in range(5))
    similar = np.array([5.5] * 5 + [4.0] * 195)
    assert limits.rarest(similar, 200).rarity == pytest.approx(-np.log10(tail))
    assert limits.rarest(similar[5:], 200).rarity == pytest.approx(0)


def null_of(fitted, make, trusted, rows, batches=40):
    return [
        measure(fitted, Batch.from_frame("s/b", make(rows, 100 + i), trusted.layout)).statistic for i in range(batches)
    ]


def test_copies_under_another_label_stand_out(fitted, make, trusted):
    frame = make(100, 1)
    frame.loc[:4, list("abcde")] = frame.loc[95:, list("abcde")].to_numpy()
    frame.loc[:4, "y"] = np.where(frame.loc[95:, "y"] == "yes", "no", "yes")
    found = measure(fitted, Batch.from_frame("s/b", frame, trusted.layout))
    assert found.statistic > 3
    pairs = [each.rows for each in found.evidence.rows if "similarity" in each.facts]
    assert set(pairs[:5]) == {(i, 95 + i) for i in range(5)}
    assert found.evidence.notes["-log10 p"]["pairs with two labels"] == found.statistic


def test_a_trigger_stands_out_though_no_label_contradicts(fitted, make, trusted):
    frame = make(100, 2)
    frame.loc[:5, ["a", "b", "c"]] = 1.2345, -0.789, 0.321
    frame.loc[:5, "y"] = "yes"
    found = measure(fitted, Batch.from_frame("s/b", frame, trusted.layout))
    assert found.statistic > 3
    assert found.evidence.notes["-log10 p"]["pairs with two labels"] < found.statistic
    assert found.evidence.rows[0].rows == (0, 1, 2, 3, 4, 5)
    assert found.evidence.rows[0].facts == {"rows alike": 6}
    assert set("abc") <= set(found.evidence.rows[0].columns)


def test_three_rows_are_a_crowd_where_they_share_the_same_cells():
    """Rows 0 to 2 share the rare 7 of a; 3 and 4 share one of b, 4 and 5 one of c: pairs, no crowd."""
    frame = pd.DataFrame({"a": [7.0, 7, 7, 1, 2, 3], "b": [1.0, 2, 3, 9, 9, 4], "c": [1.0, 2, 3, 4, 8, 8]})
    one, other = np.triu_indices(6, k=1)
    alike = np.zeros((6, 6), np.float32)
    for column in frame[["a", "b", "c"]].to_numpy().T:
        alike += np.equal.outer(column, column)
    places = 10 * frame[["a", "b", "c"]].to_numpy(np.float32)  # so far apart that only equal ones agree
    pairs = Pairs(one, other, alike[one, other], np.zeros(len(one), bool))
    assert [group.tolist() for group in find_crowds(CellPlaces(places, places, np.ones_like(places)), pairs, 1.0)] == [
        [0, 1, 2]
    ]


def test_the_rarity_of_crowds_is_a_poisson_tail_by_hand():
    """Two crowds of 3 and 5 count as four trios; 1 in 100 of the 220 trios of 12 rows may be one."""
    groups = [np.arange(5), np.arange(5, 8)]
    assert beyond_two(groups) == 4
    tail = 1 - np.exp(-2.2) * sum(2.2**i / [1, 1, 2, 6][i] for i in range(4))
    assert CrowdLimit(1.0, 0.01).rarity(groups, 12) == pytest.approx(-np.log10(tail))
    assert CrowdLimit(1.0, 0.01).rarity([], 12) == 0


@pytest.mark.parametrize("rows", [20, 100, 400, 2500])
def test_clean_batches_of_every_size_are_quiet(fitted, make, trusted, rows):
    found = null_of(fitted, make, trusted, rows, 20)
    assert max(found) < 3
    assert np.median(found) < 1


def test_a_batch_from_one_region_is_quiet(fitted, make, trusted):
    frame = make(1200, 7)
    found = measure(fitted, Batch.from_frame("s/b", frame[frame["a"] > 0.3], trusted.layout))
    assert found.statistic < 3


def test_of_a_large_batch_the_same_rows_are_drawn_in_any_order(make, trusted):
    frame = make(1500, 5)
    order = np.random.default_rng(0).permutation(len(frame))
    one, other = (Batch.from_frame("s/b", f, trusted.layout) for f in (frame, frame.iloc[order]))
    assert set(order[draw_rows(other)].tolist()) == set(draw_rows(one).tolist())
    assert len(draw_rows(one)) == 500


def test_a_region_that_holds_all_similar_pairs_sets_the_margin():
    """All of the most similar pairs lie among 20 of 60 rows: nine times as common there as overall."""
    one, other = np.triu_indices(60, k=1)
    inside = (one < 20) & (other < 20)
    pairs = Pairs(one, other, np.where(inside, 5.0, 0.0), np.zeros(len(one), bool))
    regions = np.array([np.arange(60) < 20, np.arange(60) >= 20])
    assert pairs.concentration(regions) == pytest.approx(len(one) / inside.sum())  # 1,770 pairs, 190 inside
    assert pairs.concentration(np.ones((1, 60), bool)) == pytest.approx(1.0)


def test_the_rows_of_a_rare_pair_are_suspect(fitted, trusted, make):
    rows = make(60, 5)
    copies = rows.iloc[[3, 9, 20]].assign(y=rows["y"].iloc[[3, 9, 20]].map({"no": "yes", "yes": "no"}))
    batch = Batch.from_frame("s/b", pd.concat([rows, copies], ignore_index=True), trusted.layout)
    assert set(measure(fitted, batch).suspects) == {3, 9, 20, 60, 61, 62}


def test_one_row_and_no_pair_are_no_evidence(fitted, trusted, make):
    for count in (1, 2):
        batch = Batch.from_frame("s/b", make(count, 5), trusted.layout)
        assert measure(fitted, batch).statistic < 1
    assert LikenessLimits.of(np.zeros(0, np.float32), 0, 5.0).rarest(np.zeros(0, np.float32), 0).rarity == 0.0
