"""Numbers of a batch beside those of trusted rows."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.contract.drift import ComparedNumbers, deal_halves
from pratique.statistics.empirical import SortedColumns
from pratique.statistics.two_sample import ks_log10_p


@pytest.fixture
def numbers():
    rng = np.random.default_rng(0)
    return {"still": rng.normal(size=300), "moved": rng.normal(size=300)}


def test_the_smallest_p_value_is_corrected_for_their_number(numbers, make_table):
    rng = np.random.default_rng(1)
    batch = {"still": rng.normal(size=40), "moved": rng.normal(2.0, size=40)}
    found = ComparedNumbers.of(numbers).compare(batch, make_table(40))
    both = [SortedColumns(np.sort(side["moved"])[:, None]) for side in (numbers, batch)]
    assert found.minus_log10_p == pytest.approx(-ks_log10_p(*both)[0] - np.log10(2))
    assert found.evidence.columns[0].facts["log10 p"] == pytest.approx(ks_log10_p(*both)[0])
    assert [each.columns for each in found.evidence.columns] == [("moved",), ("still",)]
    assert [each.stands_out for each in found.evidence.columns] == [True, False]


def test_what_depends_on_the_rows_beside_counts_as_equal(make_table):
    known = ComparedNumbers.of({"x": np.repeat(0.5, 100)})
    found = [known.compare({"x": np.repeat(0.5 + off, 30)}, make_table(30)).minus_log10_p for off in (0.0, 1e-12)]
    assert found[0] == found[1] < 0.01


def test_means_of_personal_rows_are_not_told(numbers, make_table):
    batch = make_table(40)
    told, shut = (
        ComparedNumbers.of(numbers).compare(numbers, each).evidence.columns[0].facts
        for each in (batch, replace(batch, layout=replace(batch.layout, personal=(batch.layout.label,))))
    )
    assert told.keys() - shut.keys() == {"mean (trusted, batch)", "std (trusted, batch)"}


def test_halves_are_apart_and_all():
    learned, compared = deal_halves(7, np.random.default_rng(0))
    assert sorted([*learned, *compared]) == list(range(7))
    assert len(learned) == 3
