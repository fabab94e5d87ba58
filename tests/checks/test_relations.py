"""Relations: the regressions against a plain ridge solver, and rows whose columns contradict each other."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.checks.relations import Relations, Terms, Web
from pratique.contract.check import measure
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.tables.encoding import Encoder, Ranks

PENALTY = 0.02


@pytest.fixture(params=[False, True], ids=["features", "with the label"])
def web(request, mixed_batch):
    classes = np.unique(mixed_batch.labels) if request.param else np.zeros(0, mixed_batch.labels.dtype)
    ranks = Ranks.fit(mixed_batch, Encoder.fit(mixed_batch))
    columns = np.arange(len(mixed_batch.layout.numeric))
    return Web.fit(Terms(ranks, columns, classes), mixed_batch, PENALTY)


def ridge(values, target, penalty):
    return np.linalg.solve(values.T @ values + penalty * np.eye(values.shape[1]), values.T @ target)


def test_every_column_is_predicted_by_ridge_from_terms_without_it(web, mixed_batch):
    values = (web.terms.of(mixed_batch) - web.mean) / web.scale
    residuals = web.residuals(mixed_batch)
    assert residuals.shape == (len(mixed_batch), len(web.terms.blocks))
    for i, (block, part) in enumerate(zip(web.terms.blocks, web.terms.parts, strict=True)):
        rest = np.delete(values, part, axis=1)
        expected = (values[:, block] - rest @ ridge(rest, values[:, block], PENALTY * len(values))) * web.scale[block]
        own = web.terms.of(mixed_batch)[:, block].argmax(axis=1)
        np.testing.assert_allclose(residuals[:, i], expected[np.arange(len(values)), own], atol=1e-8)


def test_known_residuals_are_those_of_a_model_without_the_row(web, mixed_batch):
    values = (web.terms.of(mixed_batch) - web.mean) / web.scale
    block, part = web.terms.blocks[0], web.terms.parts[0]
    rest, target = np.delete(values, part, axis=1), values[:, block[0]]
    left_out = []
    for row in range(len(values)):
        weights = ridge(np.delete(rest, row, axis=0), np.delete(target, row), PENALTY * len(values))
        left_out.append(abs(target[row] - rest[row] @ weights) * web.scale[block[0]])
    np.testing.assert_allclose(web.known[:, 0], np.sort(left_out), rtol=1e-7)


def test_a_term_belongs_to_every_column_in_it(mixed_batch):
    ranks = Ranks.fit(mixed_batch, Encoder.fit(mixed_batch))
    terms = Terms(ranks, np.arange(len(mixed_batch.layout.numeric)), np.unique(mixed_batch.labels))
    before = terms.of(mixed_batch)
    for i, name in enumerate(mixed_batch.layout.numeric):
        other = mixed_batch.frame.assign(**{name: mixed_batch.frame[name].to_numpy()[::-1]})
        changed = terms.of(Batch.from_frame("s/b", other, mixed_batch.layout)) != before
        assert set(np.flatnonzero(changed.any(axis=0))) <= set(terms.parts[i])


def test_cells_that_are_usual_alone_but_not_together_surprise(mixed_batch):
    """Large and heavy never come together here: weight falls as size grows."""
    fitted = Relations().fit(mixed_batch, np.random.default_rng(0))
    frame = mixed_batch.frame.iloc[[0, 1]].assign(size=[4.5, 3.0], weight=[11.0, 8.0], age=[20, 35])
    together, usual = measure(fitted, Batch.from_frame("s/b", frame, mixed_batch.layout)).row_scores
    assert together > usual


def test_a_flipped_label_surprises_with_the_label_and_not_without(mixed_batch):
    fitted = Relations().fit(mixed_batch, np.random.default_rng(0))
    flipped = np.where(mixed_batch.labels == "yes", "no", "yes")
    wrong = measure(fitted, Batch.from_frame("s/b", mixed_batch.frame.assign(y=flipped), mixed_batch.layout))
    right = measure(fitted, mixed_batch)
    np.testing.assert_allclose(wrong.row_scores, right.row_scores)
    assert wrong.signals["labelled_mean"].mean() > right.signals["labelled_mean"].mean() + 0.1


def test_a_level_that_was_never_seen_is_a_full_surprise(mixed_batch):
    name = mixed_batch.layout.categorical[0]
    fitted = Relations().fit(mixed_batch, np.random.default_rng(0))
    frame = mixed_batch.frame.iloc[:3].assign(**{name: ["never", *mixed_batch.frame[name][1:3]]})
    residuals = fitted.features.residuals(Batch.from_frame("s/b", frame, mixed_batch.layout))
    assert residuals[0, len(mixed_batch.layout.numeric)] == 1.0
    assert (residuals[1:, len(mixed_batch.layout.numeric)] < 1.0).all()


def test_levels_that_were_seen_once_share_an_indicator():
    """The blocks of the regressions are those of the encoder, whatever levels are rare."""
    names = np.array(["red", "blue", "green"])
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "a": rng.normal(size=60),
            "c": pa.array([*names[rng.integers(0, 3, 57)], "x", "y", "z"]),
            "d": pa.array([f"v{i}" for i in range(60)]),
            "y": pa.array(["u", "v"] * 30),
        }
    )
    trusted = Batch("r", table, Layout("y", {"a": "real", "c": "category", "d": "category"}))
    found = measure(Relations().fit(trusted, rng), trusted)
    assert found.fault is None
