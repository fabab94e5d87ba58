"""An examination that is kept is the one that was made; what can't be read is made anew."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from bit_flips import flip
from pratique.contract.evidence import ColumnEvidence, Evidence, RowEvidence
from pratique.contract.finding import Finding
from pratique.core.batch import Batch
from pratique.core.cached import write_cached
from pratique.core.params import Params
from pratique.core.sketch import RowSketch
from pratique.detector.cache import key_of, pack_examination, read_examination, read_sketch
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import Examination, Measurement, examine
from pratique.statistics.nulls import BetaBinomial, Pearson3


@pytest.fixture(scope="module")
def examined(mixed_batch):
    params = Params.model_validate({"data": {"label": "y"}, "checks": {"labels": {}, "shift": {}}})
    profile = calibrate(mixed_batch, params)
    frame = mixed_batch.table.to_pandas().astype({"size": object})
    frame.loc[3, "size"] = "huge"
    return examine(Batch.from_frame("s/b", frame, profile.layout), profile)


def words(examination):
    return json.dumps(
        [(m.check, asdict(m.finding.evidence), m.finding.breaches, m.p_value) for m in examination.measurements]
    )


def test_what_is_kept_is_what_was_examined(examined, tmp_path):
    write_cached(tmp_path / "a.npz", pack_examination(examined))
    again = read_examination(tmp_path / "a.npz")
    assert words(again) == words(examined)
    assert again.unreadable == examined.unreadable == {3: "size: not a cell of its kind"}
    assert again.row_checks == examined.row_checks
    assert (again.share, again.bets) == (examined.share, examined.bets)
    assert [m.judged for m in again.measurements] == [m.judged for m in examined.measurements]
    for name in ("row_scores", "row_p_values"):
        np.testing.assert_array_equal(getattr(again, name), getattr(examined, name))
    assert again.trusted == examined.trusted > 0
    for before, after in zip(examined.measurements, again.measurements, strict=True):
        assert (before.null, before.finding.statistic) == (after.null, after.finding.statistic)
        assert (before.scores_rows, before.pieces, before.finding.row_scores) == (after.scores_rows, after.pieces, None)


def test_the_sketch_of_the_rows_is_kept_and_read_by_itself(examined, tmp_path):
    write_cached(tmp_path / "a.npz", pack_examination(examined))
    for sketch in (read_examination(tmp_path / "a.npz").sketch, read_sketch(tmp_path / "a.npz")):
        assert (sketch.rows, sketch.distinct, sketch.sha256) == (
            examined.sketch.rows,
            examined.sketch.distinct,
            examined.sketch.sha256,
        )
        np.testing.assert_array_equal(sketch.hashes, examined.sketch.hashes)
    assert isinstance(sketch, RowSketch)
    assert sketch.rows == len(examined.row_scores) > 0
    assert read_sketch(tmp_path / "b.npz") is None


def test_faults_rules_and_both_kinds_of_null_survive(tmp_path):
    failed = Measurement("labels", Finding(float("nan"), "", fault="ValueError: x"), Pearson3(0.5, 1.0, 0.1), 0.0)
    shown = Evidence(
        columns=(ColumnEvidence(("a",), {"rule": "odd", "first cells": ["1", "2"]}, (1,), stands_out=False),),
        rows=(RowEvidence((0, 1), {"similarity": 0.5}, ("a", "b")),),
        notes={"-log10 p": {"pairs": 1.5}},
        columns_left_out=3,
        rows_left_out=2,
    )
    rules = Finding(0.5, "share", breaches=("a rule",), forbidden={1: "a: odd"}, evidence=shown)
    made = Examination(
        (failed, Measurement("schema", rules, BetaBinomial(0, 9, 2), 0.1)), np.zeros(2), np.ones(2), ("schema",) * 2
    )
    write_cached(tmp_path / "a.npz", pack_examination(made))
    first, second = read_examination(tmp_path / "a.npz").measurements
    assert (first.finding.fault, np.isnan(first.finding.statistic), first.null) == ("ValueError: x", True, failed.null)
    assert (second.finding.breaches, second.finding.forbidden) == (("a rule",), {1: "a: odd"})
    assert second.null == BetaBinomial(0, 9, 2)
    assert second.finding.evidence == shown


def test_a_file_that_cannot_be_read_counts_as_none(examined, tmp_path):
    path = tmp_path / "a.npz"
    assert read_examination(path) is None
    write_cached(path, pack_examination(examined))
    whole = path.read_bytes()
    for damaged in (b"", b"no archive", whole[:-40], whole[:40]):
        path.write_bytes(damaged)
        assert read_examination(path) is None
    np.savez(path, words=np.frombuffer(b"{}", np.uint8))
    assert read_examination(path) is None


def test_the_key_covers_every_input():
    keys = {key_of(rows, profile) for rows in ("a", "b") for profile in ("c", "d")}
    assert len(keys) == 4
    assert key_of("a", "c") in keys


def test_equal_examinations_are_kept_as_equal_bytes(examined, tmp_path):
    for name in ("a", "b"):
        write_cached(tmp_path / name, pack_examination(replace(examined)))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_one_bit_flipped_anywhere_makes_it_none(examined, tmp_path):
    write_cached(tmp_path / "a.npz", pack_examination(examined))
    whole = (tmp_path / "a.npz").read_bytes()
    for bit, data in flip(whole, 100):
        (tmp_path / "a.npz").write_bytes(data)
        assert read_examination(tmp_path / "a.npz") is None, bit
