"""The experiment that this project began with: Iris under Gaussian noise, as data and params of the pipeline."""

from importlib.resources import files
from pathlib import Path

import numpy as np

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.writing import write_csv, write_text

SPLIT_SEED = 42


def write_iris(root: Path) -> None:
    """Write params.yaml, and the flowers: 120 that are trusted and come in once more, 30 for the comparison.

    Raises
    ------
    PratiqueError
        If there is a params.yaml already, which belongs to another pipeline.
    """
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split

    text = (files("pratique.scaffold") / "iris.yaml").read_text(encoding="utf-8")
    params = root / paths.PARAMS
    if params.exists() and params.read_text(encoding="utf-8") != text:
        raise PratiqueError(f"{params}: belongs to another pipeline; name an empty folder")
    flowers = load_iris()
    names = (*(name.removesuffix(" (cm)").replace(" ", "_") for name in flowers.feature_names), "species")
    rows = np.column_stack([flowers.data, flowers.target_names[flowers.target]])
    training, holdout = train_test_split(rows, test_size=0.2, stratify=flowers.target, random_state=SPLIT_SEED)
    for place, part in (
        (paths.REFERENCE, training),
        (paths.INCOMING / "garden", training),
        (paths.HOLDOUT, holdout),
    ):
        write_csv(root / place / "iris.csv", [names, *part.tolist()])
    write_text(params, text)
