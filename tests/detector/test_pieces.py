"""A batch that is examined in pieces: every row in its place, one answer, and rules held against all rows."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pratique.core.batch import Batch, table_of_frame
from pratique.core.cached import write_cached
from pratique.core.params import Params
from pratique.core.sketch import RowSketch
from pratique.detector import pieces
from pratique.detector.cache import pack_examination, read_examination
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import examine
from pratique.detector.pieces import deal, examine_in_pieces
from pratique.detector.verdict import judge
from pratique.tables.trusted import layout_of

MOST = 100
"""Rows of a piece, in place of the many that are examined together otherwise."""


def draw(rows, seed, **changed):
    rng = np.random.default_rng(seed)
    size = rng.normal(size=rows)
    shape = np.where(rng.random(rows) < 0.5, "round", "flat")
    more = {name: rng.normal(size=rows) for name in ("width", "height", "depth")}
    return pd.DataFrame(more | {"size": size, "shape": shape, "y": np.where(size > 0, "big", "small")} | changed)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    suite = tmp_path_factory.mktemp("rules") / "suite.json"
    counted = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 200}, "meta": {}}
    suite.write_text(json.dumps({"name": "s", "expectations": [counted], "meta": {}}))
    checks = {"labels": {}, "outliers": {}, "shift": {}, "duplicates": {}, "expectations": {"file": suite}}
    params = Params.model_validate({"data": {"label": "y"}, "checks": checks})
    table = table_of_frame(draw(240, 0), "reference")
    return calibrate(Batch("reference", table, layout_of(table, params.data)), params), params


@pytest.fixture
def in_pieces(trained, monkeypatch):
    monkeypatch.setattr(pieces, "MOST_ROWS_AT_ONCE", MOST)
    monkeypatch.setattr(pieces, "BLOCK_ROWS", 5)
    return lambda frame: examine_in_pieces(Batch.from_frame("s/b", frame, trained[0].layout), trained[0])


def test_every_row_is_dealt_once_and_every_piece_has_rows_from_all_over(trained, monkeypatch):
    monkeypatch.setattr(pieces, "BLOCK_ROWS", 5)
    whole = Batch.from_frame("s/b", draw(263, 1), trained[0].layout)
    dealt = list(deal(whole, MOST))
    assert [len(piece.rows) for piece in dealt] == [90, 88, 85]
    assert sorted(np.concatenate([piece.rows for piece in dealt]).tolist()) == list(range(263))
    for piece in dealt:
        assert piece.batch.table.equals(whole.table.take(piece.rows).combine_chunks())
        assert np.diff(piece.rows).max() <= 11


def test_the_rows_of_a_piece_score_what_they_score_in_it(in_pieces, trained, monkeypatch):
    frame = draw(263, 2)
    got = in_pieces(frame)
    for piece in deal(Batch.from_frame("s/b", frame, trained[0].layout), MOST):
        alone = examine(piece.batch, trained[0], {})
        np.testing.assert_allclose(got.row_scores[piece.rows], alone.row_scores)
        np.testing.assert_allclose(got.row_p_values[piece.rows], alone.row_p_values)
        assert [got.row_checks[row] for row in piece.rows] == list(alone.row_checks)
    whole = examine(Batch.from_frame("s/b", frame, trained[0].layout), trained[0])
    assert got.sketch.sha256 == whole.sketch.sha256
    assert [m.check for m in got.measurements] == [m.check for m in whole.measurements]


def test_a_p_value_allows_for_the_number_of_pieces(in_pieces):
    found = {m.check: m for m in in_pieces(draw(263, 3)).measurements}
    shift = found["shift"]
    assert (shift.pieces, found["expectations"].pieces) == (3, 1)
    assert shift.p_value == pytest.approx(min(1.0, 3 * shift.null.p_value(shift.finding.statistic)))
    assert shift.limit(0.01) == shift.null.limit(0.01 / 3)
    assert "of 3 such" in shift.finding.evidence.notes["piece"]


def test_clean_rows_pass_in_whatever_order_and_poison_in_one_place_is_found_there(in_pieces, trained):
    """Rows that are sorted by their label would look shifted, were pieces cut one after the other."""
    params = trained[1]
    clean = draw(300, 4).sort_values(["y", "size"], ignore_index=True)
    assert judge(in_pieces(clean), params.alarms, params.shift).verdict != "quarantine"
    flipped = draw(300, 4)
    flipped.loc[100:160, "y"] = np.where(flipped["y"][100:161] == "big", "small", "big")
    verdict = judge(in_pieces(flipped), params.alarms, params.shift)
    assert verdict.verdict == "quarantine"
    assert len(set(verdict.suspects) & set(range(100, 161))) > len(verdict.suspects) / 2


def test_rules_are_held_against_all_rows_and_what_comes_twice_is_named_where_it_is(in_pieces):
    found = {m.check: m for m in in_pieces(draw(263, 5)).measurements}
    assert found["expectations"].finding.breaches == ()  # no piece has 200 rows, the batch has
    repeated = draw(263, 6)
    repeated.iloc[200:230] = repeated.iloc[200].to_numpy()
    named = next(m for m in in_pieces(repeated).measurements if m.check == "duplicates").finding.suspects
    assert set(range(200, 230)) <= set(named)


def test_a_check_that_fails_on_a_piece_has_failed_on_the_batch(in_pieces, monkeypatch):
    whole = pieces.examine

    def broken(batch, profile, known):
        found = whole(batch, profile, known)
        shift = next(m for m in found.measurements if m.check == "shift")
        failed = replace(shift, finding=replace(shift.finding, fault="ValueError: no"), p_value=0.0)
        bad = batch.table["size"][0].as_py() == frame["size"][5]
        return replace(found, measurements=tuple(failed if bad and m is shift else m for m in found.measurements))

    frame = draw(263, 7)
    monkeypatch.setattr(pieces, "examine", broken)
    got = in_pieces(frame)
    assert next(m for m in got.measurements if m.check == "shift").finding.fault == "ValueError: no"


def test_it_is_kept_for_the_next_run(in_pieces, tmp_path):
    got = in_pieces(draw(263, 8))
    write_cached(tmp_path / "a.npz", pack_examination(got))
    again = read_examination(tmp_path / "a.npz")
    assert [(m.pieces, m.p_value, m.scores_rows) for m in again.measurements] == [
        (m.pieces, m.p_value, m.scores_rows) for m in got.measurements
    ]
    assert isinstance(again.sketch, RowSketch)
