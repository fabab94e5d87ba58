"""Fixtures for every test, and a ban on the network and on the user's home folder."""

import os
import socket

os.environ["OMP_NUM_THREADS"] = "1"  # as the commands run; two workers of two threads each wait for each other

os.environ["MLFLOW_TRACKING_URI"] = ""  # nothing is tracked, whether MLflow is installed or not

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from stages.core.batch import Batch
from stages.core.layout import Layout

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=50)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory, monkeypatch):
    def refuse(*_):
        raise RuntimeError("tests use no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def mixed_layout():
    return Layout("y", {"size": "real", "weight": "real", "age": "integer", "colour": "text", "shape": "text"})


@pytest.fixture(scope="session")
def mixed_batch(mixed_layout):
    """60 rows; every feature depends on the label, so that neighbours agree about it."""
    rng = np.random.default_rng(7)
    y = np.arange(60) % 2
    frame = pd.DataFrame(
        {
            "size": rng.normal(3.0 * y, 1.0).round(3),
            "weight": rng.normal(10.0 - 2.0 * y, 1.0).round(3),
            "age": rng.poisson(20 + 15 * y),
            "colour": np.where(rng.random(60) < 0.2 + 0.6 * y, "red", "blue"),
            "shape": rng.choice(["disc", "cube", "rod"], 60),
            "y": np.where(y == 1, "yes", "no"),
        }
    )
    return Batch.from_frame("fixtures/mixed", frame, mixed_layout)
