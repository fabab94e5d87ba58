"""How each row counted in the training, where not as it stands: what a method found, what fairness changed."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.region import Region, tell_region
from pratique.core.writing import write_table
from pratique.tables.reading import read_table
from pratique.training.exclusion import EXCLUDED_FILE, NO_REGION
from pratique.training.fairness import FAIRNESS_FILE, FairRows
from pratique.training.rows import list_accepted_files

WEIGHTS = paths.MODEL / "weights.parquet"
TRUSTED_NAME = "reference"
"""Stands for the batch of a trusted row; a batch has a slash in its name."""
LITTLE = 0.5
"""A row of a smaller weight counts little."""


def write_weights(weights: np.ndarray, layout: Layout) -> None:
    """Write the weight of each accepted row that was learned from, by batch and place in the accepted file.

    Parameters
    ----------
    weights : ndarray of float
        Of the rows that `read_training` gives: trusted ones first, if any, then accepted ones file by file.
    layout : Layout
    """
    names, rows = locate_accepted(layout)
    mine = weights[len(weights) - len(names) :].round(6)
    write_table(WEIGHTS, pa.table({"batch": pa.array(names, pa.string()), "row": rows, "weight": mine}))


def locate_accepted(layout: Layout) -> tuple[list[str], np.ndarray]:
    """The batch of each accepted row that is learned from, and its place in the accepted file, file by file."""
    names: list[str] = []
    rows: list[np.ndarray] = [np.zeros(0, int)]
    for path in list_accepted_files():
        rows.append(np.flatnonzero(Batch(path.stem, read_table(path), layout).labels != ""))
        names += [path.relative_to(paths.ACCEPTED).with_suffix("").as_posix()] * len(rows[-1])
    return names, np.concatenate(rows)


def locate_training(batch: Batch, reference: Batch) -> pa.Table:
    """Where each row that `read_training` gives lies: its batch, and its place in the accepted or trusted rows.

    Parameters
    ----------
    batch : Batch
        The rows that `read_training` gives.
    reference : Batch
        The trusted rows, of which those with a label come first, unless only accepted ones are learned from.
    """
    names, places = locate_accepted(batch.layout)
    if len(batch) > len(names):
        trusted = np.flatnonzero(reference.labels != "")
        names, places = [TRUSTED_NAME] * len(trusted) + names, np.concatenate([trusted, places])
    return pa.table({"batch": pa.array(names, pa.string()), "row": places})


def write_excluded(places: pa.Table, found: np.ndarray, regions: Sequence[Region]) -> None:
    """Write every row that no model learns from: its place, and the region that has it.

    Parameters
    ----------
    places : pyarrow.Table
        Of the rows, as `locate_training` gives them.
    found : ndarray of int
        The region of each row, as `locate_regions` gives it.
    regions : sequence of Region
    """
    rows = np.flatnonzero(found != NO_REGION)
    told = pa.array([tell_region(regions[place]) for place in found[rows]], pa.string())
    write_table(EXCLUDED_FILE, places.take(rows).append_column("region", told))


def write_fairness(batch: Batch, fair: FairRows, places: pa.Table) -> None:
    """Write every row that a model does not learn as it stands: its place, its label, what is learned, its weight.

    Parameters
    ----------
    batch : Batch
        The rows that a model learns from.
    fair : FairRows
        What is learned of them.
    places : pyarrow.Table
        Of the rows, as `locate_training` gives them.
    """
    weights = np.ones(len(batch)) if fair.weights is None else fair.weights
    rows = np.flatnonzero((fair.labels != batch.labels) | (weights != 1))
    place = places.take(rows)
    table = {
        "batch": place["batch"],
        "row": place["row"],
        "label": pa.array(batch.labels[rows].tolist(), pa.string()),
        "learned_as": pa.array(fair.labels[rows].tolist(), pa.string()),
        "weight": weights[rows].round(6),
    }
    write_table(FAIRNESS_FILE, pa.table(table))


def count_weights() -> dict[str, float]:
    """How many accepted rows the model learned from, and how many of them counted little.

    Raises
    ------
    PratiqueError
        If the model was trained plainly.
    """
    if not WEIGHTS.is_file():
        raise PratiqueError(f"{WEIGHTS}: not found; run `pratique train` (or `dvc repro`) first")
    weights = pq.read_table(WEIGHTS, columns=["weight"])["weight"].to_numpy()
    return {"rows": len(weights), "rows_of_little_weight": int((weights < LITTLE).sum())}
