"""Facts as a record would tell them, and trusted rows to compare with."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stages.core.batch import Batch
from stages.core.layout import Layout
from stages.reports.facts import CheckFacts, Facts
from stages.reports.trusted import Trusted


def check(name="labels", **fields):
    quiet = CheckFacts(name, f"{name} look odd", False, 0.5, 1.0, "nats a row", 0.4, (), {}, None)
    return replace(quiet, **fields)


@pytest.fixture
def alarm():
    """A check that alarms, or one changed from it."""
    return lambda name="labels", **fields: check(name, **{"alarm": True, "p_value": 1e-7} | fields)


@pytest.fixture
def make_facts():
    """A batch of 40 rows that waits for a decision, or one changed from it."""

    def make(**fields):
        waits = Facts(
            batch="crowd/w01",
            source="crowd",
            file="data/incoming/crowd/w01.csv",
            sha256="ab" * 32,
            rows=40,
            columns=3,
            verdict="quarantine",
            outcome="quarantined",
            decision="",
            p_value=1e-6,
            alarms=("labels",),
            fault=None,
            checks=(check(alarm=True, p_value=1e-7), check("shift")),
            suspects={3: "labels: 0.01 of trusted rows are as odd"},
            suspect_count=1,
            held_rows=40,
        )
        return replace(waits, **fields)

    return make


@pytest.fixture(scope="session")
def table_layout():
    return Layout("y", {"size": "real", "count": "integer", "colour": "text"}, personal=())


@pytest.fixture(scope="session")
def make_table(table_layout):
    """Rows in which `yes` is large and red, `no` small and blue."""

    def make(rows, seed=0, layout=table_layout, **columns):
        rng = np.random.default_rng(seed)
        y = np.arange(rows) % 2
        frame = pd.DataFrame(
            {
                "size": rng.normal(5.0 * y, 1.0).round(3),
                "count": rng.poisson(10 + 10 * y),
                "colour": np.where(y == 1, "red", "blue"),
                "y": np.where(y == 1, "yes", "no"),
            }
        )
        return Batch.from_frame("crowd/w01", frame.assign(**columns), layout)

    return make


@pytest.fixture(scope="session")
def trusted(make_table):
    return Trusted.index_of(make_table(200, seed=1))


@pytest.fixture(scope="session")
def digits():
    """Real pictures, with the layout of the sample."""
    from stages.scaffold.sample import _digits

    return _digits()
