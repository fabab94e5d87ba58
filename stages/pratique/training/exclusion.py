"""Regions of rows that no model learns from, because params.yaml says so under `train.exclude`."""

from collections.abc import Sequence

import numpy as np

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.region import COMPARISONS, Region, parse_condition
from pratique.tables.reading import read_table

TRAIN_EXCLUDE = f"{paths.PARAMS}: train.exclude"
EXCLUDED_FILE = paths.MODEL / "excluded.parquet"
NO_REGION = -1


def locate_regions(batch: Batch, regions: Sequence[Region]) -> np.ndarray:
    """The place in the list of the first region that has each row; -1 where none has it."""
    found = np.full(len(batch), NO_REGION)
    for place in reversed(range(len(regions))):
        found[mark_region(batch, regions[place])] = place
    return found


def select_learned(batch: Batch, regions: Sequence[Region]) -> np.ndarray:
    """Positions of the rows that no region has."""
    return np.flatnonzero(locate_regions(batch, regions) == NO_REGION)


def find_exclusion(batch: str, place: int) -> str:
    """The region that keeps a row of an accepted file out of the model here; empty where the list has none."""
    lines = read_table(EXCLUDED_FILE).to_pylist()
    return next((line["region"] for line in lines if (line["batch"], line["row"]) == (batch, place)), "")


def mark_region(batch: Batch, region: Region) -> np.ndarray:
    """Which rows a region has: those for which each condition holds. A missing cell meets none.

    Raises
    ------
    PratiqueError
        If a condition names no feature, or compares it with what it can't be.
    """
    inside = np.full(len(batch), True)
    for condition in region:
        inside &= _hold(batch, *parse_condition(condition))
    return inside


def _hold(batch: Batch, column: str, comparison: str, value: str) -> np.ndarray:
    layout = batch.layout
    if column not in layout.kinds:
        raise PratiqueError(f"{TRAIN_EXCLUDE}: column '{column}' is no feature; known: {', '.join(layout.kinds)}")
    if column not in layout.numeric:
        if comparison != "==":
            raise PratiqueError(f"{TRAIN_EXCLUDE}: column '{column}' holds levels, for which only == is known")
        return np.asarray(batch.texts(column).astype(str) == value)
    try:
        bound = float(value)
    except ValueError:
        bound = np.nan
    if np.isnan(bound):
        raise PratiqueError(f"{TRAIN_EXCLUDE}: column '{column}' holds numbers, '{value}' is none")
    return np.asarray(COMPARISONS[comparison](batch.numbers(column), bound))  # NaN meets no comparison
