"""A model as MLflow's own loader (`mlflow.pyfunc.load_model`) reads it: from its skops archive, without pickle."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pratique.core.batch import Batch
from pratique.training.models import Model


@dataclass(frozen=True)
class ServedModel:
    """A model that predicts labels of rows in a pandas frame."""

    model: Model

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """The most probable label of each row, str of shape (rows,); columns may come in any order."""
        return self.model.predict(Batch.from_frame("rows", rows, self.model.layout))


def _load_pyfunc(path: str) -> ServedModel:
    """What MLflow calls, by this name."""
    return ServedModel(Model.load(Path(path)))
