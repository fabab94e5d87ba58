"""Certificates: how many sources or batches may behave as they like without turning a prediction.

Source: Levine and Feizi, "Deep partition aggregation: provable defense against general poisoning attacks", ICLR 2021.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.hashing import sha256_bytes
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.results.measures import Measures, foreign, read_metrics
from pratique.statistics.resampling import Estimate
from pratique.tables.reading import read_table
from pratique.training.models import train
from pratique.training.rows import join_labelled, list_accepted_files

Unit = Literal["source", "batch"]
NO_VOTE = -1
CERTIFIED_SECTIONS = {"source": "certified_sources", "batch": "certified_batches"}
"""Of the metrics, by what may be replaced."""


@dataclass(frozen=True)
class Certificates:
    """What a vote of models says, each trained on its own part of what was accepted.

    Attributes
    ----------
    predicted : ndarray of str, shape (rows of the holdout,)
        The class with the most votes.
    radius : ndarray of int, shape (rows of the holdout,)
        How many sources or batches may be replaced, added or taken away without turning it.
    right : ndarray of bool, shape (rows of the holdout,)
    partitions : int
    unit : str
    """

    predicted: np.ndarray
    radius: np.ndarray
    right: np.ndarray
    partitions: int
    unit: Unit

    def estimate_certified(self, replaced: int) -> Estimate:
        """The share of rows that stay right whatever so many do, with its 95 % interval."""
        return Estimate.of_share(int((self.right & (self.radius >= replaced)).sum()), len(self.right))

    def to_measures(self) -> Measures:
        """A section of metrics: `certified_0` is the accuracy of the vote, `certified_3` what three can't turn."""
        flat: dict[str, float] = {"partitions": self.partitions}
        for replaced in range(self.partitions // 2 + 1):
            found = self.estimate_certified(replaced)
            name = f"certified_{replaced}"
            flat |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        return {CERTIFIED_SECTIONS[self.unit]: {key: round(value, 6) for key, value in flat.items()}}


def certify(params: Params, unit: Unit, reference: Batch, holdout: Batch) -> Certificates:
    """Train a model on each partition of what was accepted, and let them vote on the holdout.

    A partition holds the batches whose name, or whose source's name, hashes to it, and the reference unless
    `train.rows` leaves that out: it is trusted. So what one source or batch holds reaches one vote. A partition from
    which nothing can be learned has no vote, nor has a label that the reference does not know.
    """
    count, alone = params.evaluate.partitions, params.train.rows == "accepted"
    parts: list[list[Batch]] = [[] for _ in range(count)]
    for path in list_accepted_files():
        name = path.relative_to(paths.ACCEPTED).with_suffix("")
        owner = name.parts[0] if unit == "source" else name.as_posix()
        parts[choose_partition(owner, count)].append(Batch(path.stem, read_table(path), reference.layout))
    classes = np.unique(reference.labels)
    votes = np.full((count, len(holdout)), NO_VOTE)
    for number, batches in enumerate(show_progress(parts, "certifying")):
        votes[number] = _vote(batches if alone else [reference, *batches], reference, holdout, params, classes)
    predicted, radius = count_votes(votes, len(classes))
    said = classes[predicted]
    return Certificates(said, radius, said == holdout.labels, count, unit)


def choose_partition(owner: str, count: int) -> int:
    """The partition of a source or a batch, by its name alone.

    Examples
    --------
    >>> choose_partition("crowd/w01", 25), choose_partition("crowd/w02", 25)
    (16, 21)
    """
    return int(sha256_bytes(owner.encode()), 16) % count


def count_votes(votes: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """The class with the most votes, and how many votes may turn without turning it.

    Formula: g = argmax_c n_c, the lowest among equals; radius = floor((n_g - max_{c != g} (n_c + 1[c < g])) / 2): each
    vote that turns takes one from n_g and gives one to n_c.

    Parameters
    ----------
    votes : ndarray of int, shape (votes, rows)
        Classes counted from 0; `NO_VOTE` for none.
    classes : int

    Examples
    --------
    >>> count_votes(np.array([[0, 1], [0, 1], [0, 0], [1, 1], [0, 1]]), 2)
    (array([0, 1]), array([1, 1]))
    """
    counts = (votes[None] == np.arange(classes)[:, None, None]).sum(axis=1)
    first = counts.argmax(axis=0)
    rows = np.arange(votes.shape[1])
    rivals = counts + (np.arange(classes)[:, None] < first)
    rivals[first, rows] = 0
    return first, (counts[first, rows] - rivals.max(axis=0)) // 2


def read_certificates() -> dict[str, dict[int, Estimate]]:
    """What metrics hold as certified: by unit, and by how many are replaced; empty where nothing is.

    Raises
    ------
    PratiqueError
        If the metrics are damaged.
    """
    place, metrics = str(paths.METRICS_JSON), read_metrics() or {}
    return {unit: _unflatten(metrics[name], place) for unit, name in CERTIFIED_SECTIONS.items() if name in metrics}


def _unflatten(section: Mapping[str, float], place: str) -> dict[int, Estimate]:
    try:
        names = {replaced: f"certified_{replaced}" for replaced in range(int(section["partitions"]) // 2 + 1)}
        return {
            replaced: Estimate(section[name], section[f"{name}_low"], section[f"{name}_high"])
            for replaced, name in names.items()
        }
    except KeyError as error:
        raise foreign(place) from error


def _vote(
    batches: Iterable[Batch], reference: Batch, holdout: Batch, params: Params, classes: np.ndarray
) -> np.ndarray | int:
    """The number of the class that a model of these batches gives each row."""
    parts = list(batches)
    if not parts:
        return NO_VOTE
    rows = join_labelled("partition", parts, reference.layout)
    if len(np.unique(rows.labels)) < 2:
        return NO_VOTE
    said = train(rows, params.train, params.seed, trusted=reference).predict(holdout)
    return np.where(np.isin(said, classes), np.searchsorted(classes, said), NO_VOTE)
