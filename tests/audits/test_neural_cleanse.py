"""A stamped network is accused by its patch, a clean one is not, and unlearning takes the patch away."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.audits.neural_cleanse import NeuralCleanse, Searched, search_classes
from pratique.contract.audit import Audited
from pratique.core.params import TrainParams
from pratique.scaffold.samples.digits import PATCH
from pratique.statistics.resampling import Estimate
from pratique.training.models import train
from pratique.training.neural_cleanse import Reversed, Space, list_anomalies, unlearn

RNG = np.random.default_rng(0)


def test_anomalies_by_hand():
    """The median is 10, deviations are 0, 1, 1, 0 and 8, their median is 1."""
    assert list_anomalies(np.array([10.0, 11.0, 9.0, 10.0, 2.0])) == pytest.approx(np.array([0, -1, 1, 0, 8]) / 1.4826)
    assert list_anomalies(np.ones(4)).tolist() == [0, 0, 0, 0]


def test_what_an_untaught_model_obeys_was_not_planted():
    pattern = Reversed(np.ones(3), np.zeros(3))
    shares = (None, Estimate(0.5, 0.4, 0.6), Estimate(0.6, 0.5, 0.7))
    assert [Searched(pattern, 4.0, share).index for share in shares] == [4.0, 4.0, 0.0]


def test_what_is_no_network_is_not_measured(trained):
    found = NeuralCleanse().measure(trained, RNG)
    assert found.figures == {}
    assert "`trigger` asks any model" in found.reasons[0]


@pytest.fixture(scope="module")
def stamped(digits):
    """A network of trusted digits and others; 120 of the others carry a patch of 2 x 2 and are called 0."""
    pytest.importorskip("torch")
    whole = replace(digits, layout=replace(digits.layout, image=(8, 8, 1)))
    order = np.random.default_rng(0).permutation(len(whole))
    trusted, rows, holdout = (whole.take(part) for part in np.split(order, [400, 1200]))
    sent = BackdoorTrigger(columns=PATCH, value=16, target="0").poison(rows, 0.15, np.random.default_rng(0)).batch
    learned = trusted.append(sent)
    model, peer = (train(each, TrainParams(model="network"), 0) for each in (learned, trusted))
    return Audited(model, trusted, holdout, (sent,), learned, lambda _: model, lambda _: peer)


@pytest.mark.torch
@pytest.mark.slow
def test_the_patch_is_recovered_and_its_class_accused(stamped):
    found = NeuralCleanse().measure(stamped, np.random.default_rng(0))
    indices = {name: each.value for name, each in found.figures.items() if name.startswith("anomaly_index")}
    assert max(indices, key=indices.get) == "anomaly_index[0]"
    assert indices["anomaly_index[0]"] > 2
    assert found.figures["obeyed_untaught[0]"].value < 0.1
    assert found.reasons[0].startswith("Oddly little sends rows to '0'")
    assert found.pictures[0].title.startswith("What sends rows to '0'")
    assert len(found.pictures) == 3
    mask = np.array(found.pictures[0].lines)
    assert mask[6:, 6:].sum() > 0.5 * mask.sum()
    assert found == NeuralCleanse().measure(stamped, np.random.default_rng(0))


@pytest.mark.torch
@pytest.mark.slow
def test_a_pattern_that_the_trusted_rows_hold_was_not_planted(stamped):
    """The same network beside itself: whatever it obeys, the other does, too."""
    found = NeuralCleanse().measure(replace(stamped, train_peer=lambda _: stamped.model), np.random.default_rng(0))
    assert found.figures["anomaly_index[0]"].value == 0
    assert found.reasons[1].startswith("Little sends rows to '0', in a model of the trusted rows alone, too")


@pytest.mark.torch
@pytest.mark.slow
def test_the_patch_is_unlearned_and_the_accuracy_stays(stamped):
    space = Space.of(stamped.model, stamped.reference)
    patch = search_classes(stamped, stamped.model, np.random.default_rng(0))["0"].pattern
    mended = unlearn(space, patch, 0, stamped.reference, 0)
    holdout = stamped.holdout
    attack = BackdoorTrigger(columns=PATCH, value=16, target="0").poison(holdout, 1.0, np.random.default_rng(0))
    victims = attack.batch.take(attack.rows)
    before, after = ((model.predict(victims) == "0").mean() for model in (stamped.model, mended))
    assert before > 0.9
    assert after <= 0.1
    lost = [(model.predict(holdout) == holdout.labels).mean() for model in (stamped.model, mended)]
    assert lost[0] - lost[1] <= 0.02
