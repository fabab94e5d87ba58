"""What the tests of single attacks share: small batches, their cells, and a generator that answers by script."""

import numpy as np
import pyarrow as pa
import pytest

from stages.core.batch import Batch
from stages.core.layout import Layout

LAYOUT = Layout("kind", {"length": "real", "petals": "integer", "colour": "text"})


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
