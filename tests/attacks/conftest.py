"""What the tests of single attacks share: small batches, their cells, a generator that answers by script, digits."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.tables.encoding import Encoder
from sklearn.datasets import load_digits

LAYOUT = Layout("kind", {"length": "real", "petals": "integer", "colour": "category"})


class Script:
    """A generator whose answers are written down, so that results can be worked out by hand."""

    def __init__(self, **answers):
        self.answers = {name: iter(values) for name, values in answers.items()}

    def __getattr__(self, name):
        return lambda *args, **kwargs: np.array(next(self.answers[name]))


@pytest.fixture
def script():
    return Script


@pytest.fixture
def make():
    return lambda **columns: Batch("garden/week-1", pa.table(columns), LAYOUT)


@pytest.fixture
def cells():
    return lambda result, name: result.batch.table[name].to_pylist()


@pytest.fixture(scope="session")
def digits():
    """Pictures of two digits, split at random into so many rows to train on and the others to test with."""
    pixels, kind = load_digits(return_X_y=True)
    names = [f"pixel_{i}" for i in range(64)]
    columns = dict(zip(names, pixels.astype(int).T, strict=True)) | {"kind": kind.astype(str)}
    layout = Layout("kind", dict.fromkeys(names, "integer"))

    def split(first, second, rows, seed):
        both = np.random.default_rng(seed).permutation(np.flatnonzero(np.isin(columns["kind"], [first, second])))
        parts = both[:rows], both[rows:]
        return [Batch("b", pa.table({name: cells[part] for name, cells in columns.items()}), layout) for part in parts]

    return split


@pytest.fixture(scope="session")
def error():
    """The share of test rows that a model gets wrong once it is trained."""

    def measured(model, train, test):
        encoder = Encoder.fit(train)
        model.fit(encoder.transform(train), train.labels)
        return float(np.mean(model.predict(encoder.transform(test)) != test.labels))

    return measured
