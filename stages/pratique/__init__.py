"""Pratique keeps poisoned data out of training: every batch is cleared before it reaches a model.

Three things, in the order in which a batch meets them: a **detector** learns from rows that you trust what normal looks
like and how often clean rows look odd; it **checks** a batch within a budget for false alarms; the **result** says what
becomes of the batch and of each of its rows.

>>> import numpy as np, pandas as pd, pratique
>>> def made(rows, seed):
...     rng = np.random.default_rng(seed)
...     fraud = rng.integers(0, 2, rows)
...     return pd.DataFrame({"amount": rng.normal(3.0 * fraud, 1.0), "hour": rng.normal(12 - 4.0 * fraud, 2.0),
...                          "fraud": fraud})
>>> detector = pratique.calibrate(made(300, seed=1), label="fraud", checks=["losses", "labels", "shift"])
>>> detector
Detector(300 trusted rows, 3 checks)
>>> monday = made(60, seed=2)
>>> detector.check(monday).verdict
'accept'
>>> flipped = monday.assign(fraud=1 - monday["fraud"])
>>> result = detector.check(flipped)
>>> result.verdict, "labels" in result.alarms, len(result.accepted)
('quarantine', True, 0)
>>> list(result.rows)
['score', 'p_value', 'quarantined', 'reason']

A pipeline of DVC does the same with files, records and people in it: see `pratique init`.
"""

from typing import TYPE_CHECKING, Any

from pratique.core.errors import PratiqueError
from pratique.core.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pratique.detector.detector import Detector
    from pratique.detector.result import Result

__all__ = ["Detector", "PratiqueError", "Result", "__version__", "calibrate", "load"]


def calibrate(
    trusted: Any,
    *,
    label: str,
    per_1000_batches: float = 10,
    holdout: Any = None,
    id: str | None = None,
    ignore: "Iterable[str]" = (),
    personal: "Iterable[str]" = (),
    image: "tuple[int, ...] | None" = None,
    checks: "Mapping[str, Mapping[str, Any]] | Iterable[str] | None" = None,
    seed: int = 0,
) -> "Detector":
    """Learn from trusted rows what normal looks like.

    Parameters
    ----------
    trusted : DataFrame (pandas, polars), pyarrow.Table, or a path
        Rows that you trust; 20 or more. A path is a .csv or .parquet file, or a folder of such files.
    label : str
        The column that a model learns to predict.
    per_1000_batches : float
        The budget: clean batches in 1,000 that may be quarantined, in (0, 1000).
    holdout : the same kinds, optional
        Trusted rows that models are compared on. Nothing is fitted on them; copies of them in a batch are found.
    id : str, optional
        A column that names a row; never a feature.
    ignore : iterable of str
        Columns that are kept but not examined.
    personal : iterable of str
        Columns whose cells no message shows.
    image : tuple of int, optional
        Height, width and channels (1 if left out) of rows that are images.
    checks : iterable of str, or mapping of str to mapping, optional
        Names of checks, or names with their fields as in params.yaml. If None, all that need no file of their own and
        no torch.
    seed : int
        The same seed and rows give the same detector.

    Raises
    ------
    PratiqueError
        If rows can't be read, a column is missing, a row has no label, there are too few rows, or there is no such
        check.
    """
    from pratique.detector.detector import learn_from

    return learn_from(
        trusted,
        label=label,
        per_1000_batches=per_1000_batches,
        holdout=holdout,
        id=id,
        ignore=tuple(ignore),
        personal=tuple(personal),
        image=image,
        checks=checks,
        seed=seed,
    )


def load(folder: "str | Path") -> "Detector":
    """Read a detector that `Detector.save` wrote. No pickle is ever loaded.

    Raises
    ------
    PratiqueError
        If there is none in the folder, or it can't be read.
    """
    from pratique.detector.detector import load_saved

    return load_saved(folder)


def __getattr__(name: str) -> Any:
    """Import what is heavy when it is asked for: the command starts with this module."""
    if name == "Detector":
        from pratique.detector.detector import Detector

        return Detector
    if name == "Result":
        from pratique.detector.result import Result

        return Result
    raise AttributeError(f"module 'pratique' has no attribute {name!r}")
