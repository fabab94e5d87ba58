"""Models whose figures can be worked out by hand, and a world to audit them in."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from pratique.contract.audit import Audited
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.params import TrainParams
from pratique.training.models import train

LAYOUT = Layout("y", {"height": "real", "count": "integer", "sex": "category"})


@dataclass(frozen=True)
class Threshold:
    """Says `yes` where the height is above a limit, and is sure of it."""

    limit: float

    @property
    def classes(self):
        return np.array(["no", "yes"])

    def predict(self, batch):
        return self.classes[(batch.numeric[:, 0] > self.limit).astype(int)]

    def probabilities(self, batch):
        yes = (batch.numeric[:, 0] > self.limit).astype(float)
        return np.column_stack([1 - yes, yes])


def make_people(rows, seed=0):
    """The taller half says `yes`; heights are spread evenly over -1 to 1."""
    rng = np.random.default_rng(seed)
    height = rng.permutation(np.linspace(-1, 1, rows)).round(6)
    frame = pd.DataFrame(
        {
            "height": height,
            "count": rng.poisson(5, rows),
            "sex": np.where(rng.random(rows) < 0.5, "F", "M"),
            "y": np.where(height > 0, "yes", "no"),
        }
    )
    return Batch.from_frame("vendor/w01", frame, LAYOUT)


@pytest.fixture(scope="session")
def people():
    return make_people


@pytest.fixture(scope="session")
def world():
    """A threshold in the middle, among rows that it gets right."""
    middle = Threshold(0.0)
    trusted, sent, holdout = make_people(200, 1), make_people(50, 3), make_people(100, 2)
    return Audited(middle, trusted, holdout, (sent,), trusted.append(sent), lambda rows: middle, lambda name: middle)


@pytest.fixture
def constant(world):
    """A model that says `no` whatever it is shown."""
    return replace(world, model=Threshold(np.inf))


@pytest.fixture(scope="session")
def threshold():
    return Threshold


@pytest.fixture(scope="session")
def make_audited():
    """A model of this kind that learned from trusted and sent rows, and how it is trained on others."""

    def make(trusted, sent, holdout, kind="random_forest"):
        def train_on(rows):
            return train(rows, TrainParams(trees=10), 0, kind=kind)

        learned = trusted.append(sent)
        peers = {"everything": learned, "reference": trusted}
        return Audited(
            train_on(learned), trusted, holdout, (sent,), learned, train_on, lambda name: train_on(peers[name])
        )

    return make


@pytest.fixture(scope="session")
def trained(make_audited):
    return make_audited(*(make_people(*each) for each in ((120, 4), (80, 5), (60, 6))))
