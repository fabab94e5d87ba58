"""The price of a release, measured before anybody decides: the model with and without the rows that are held."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa

from pratique.contract.discovery import digest_code
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.cached import read_cached, write_cached
from pratique.core.checksums import Checksums
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_folder, sha256_json
from pratique.core.params import Params
from pratique.core.writing import json_bytes
from pratique.provenance.record import Record
from pratique.tables.reading import read_table, read_trusted
from pratique.training.estimator import digest_estimator
from pratique.training.models import Model, drop_unlabelled, train
from pratique.training.rows import read_training

PRICES = paths.CACHE / "prices"
PRICED_ROWS = 10_000
"""Rows that a price is measured on; more are thinned out, accepted and held ones alike."""
TREES = 20
"""Trees of the models that a price compares, at most: with 200 batches waiting, 100 trees take a minute."""
FEWEST_TRAINING_ROWS = 1000
"""Training rows that thinning leaves, so that a giant batch does not leave the model without any."""
MOST_PRICED = 20
"""Waiting batches that a run prices, the most suspicious first: every newly accepted row changes the price of each, and
old batches must cost nearly nothing. `pratique review` prices any batch that is opened."""
PRICE_DRAWS = 2000
PRICE_LIBRARIES = ("numpy", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Price:
    """What releasing a batch does to the model's accuracy on the holdout.

    Attributes
    ----------
    rows : int
        Rows that the release adds to training.
    holdout : int
        Trusted rows that both models are asked about.
    without, released : float
        Accuracy without and with the batch.
    worse, better : int
        Holdout rows that only the model without the batch gets right, and those that only the other does.
    low, high : float
        The difference's 95 % interval: a bootstrap over holdout rows, each kept with both its answers.
    thinned : float
        The share of the held rows that the model learned from; 1 is all.
    hit : tuple of (str, int, int, int), optional
        The label that loses the most: right answers without and with the batch, and rows in the holdout.
    """

    rows: int
    holdout: int
    without: float
    released: float
    worse: int
    better: int
    low: float
    high: float
    thinned: float
    hit: tuple[str, int, int, int] | None

    @property
    def difference(self) -> float:
        """Accuracy with the batch minus accuracy without it."""
        return self.released - self.without


class Pricing:
    """Prices for one run: what training and holdout have in common for every batch is read once."""

    def __init__(self, params: Params, reference: Batch) -> None:
        layout = reference.layout
        few = params.train.model_copy(update={"trees": min(params.train.trees, TREES)})
        self._params = params.model_copy(update={"train": few})
        self._layout = layout
        self._holdout = Batch("holdout", read_trusted(paths.HOLDOUT, layout.ignored, layout.image), self._layout)
        if not len(self._holdout):
            raise PratiqueError(f"{paths.HOLDOUT}: no rows; put trusted rows there that no other stage learns from")
        versions = [version(name) for name in PRICE_LIBRARIES]
        settings = self._params.model_dump(mode="json", include={"seed", "data", "train"})
        folders = [sha256_folder(folder) for folder in (paths.ACCEPTED, paths.HOLDOUT, paths.REFERENCE)]
        self._key = [
            settings,
            folders,
            repr(layout),
            digest_code("provenance", "training", "results"),
            versions,
            digest_estimator(params.train),
        ]
        self._reference = reference
        self._answers: dict[float, np.ndarray] = {}

    @cached_property
    def _base(self) -> Batch:
        """What the model learns from now; read only where a price has to be measured."""
        return read_training(self._reference, self._params)

    def of(self, facts: Record) -> Price | None:
        """The price of releasing a batch that is held; None where there is nothing to release.

        A price that an earlier run measured on the same rows is not measured again.
        """
        if not facts.held or facts.fault is not None:
            return None
        digest = Checksums.read(paths.RECORDS).require(facts.quarantine)
        place = PRICES / f"{sha256_json([self._key, digest])}.json"
        price = _read_price(place)
        if price is None:
            price = self._measure(facts.quarantine)
            if price is not None:
                write_cached(place, json_bytes(asdict(price)))
        return price

    def _measure(self, held_rows: Path) -> Price | None:
        held = drop_unlabelled(Batch("held", read_table(held_rows), self._layout))
        if not len(held):
            return None
        both = len(self._base) + len(held)
        share = min(1.0, PRICED_ROWS / both)
        base, extra = _thin(self._base, share, FEWEST_TRAINING_ROWS), _thin(held, share)
        if len(np.unique(base.labels)) < 2:
            return None
        released = Batch("released", _join_rows(base, extra), base.layout)
        if share not in self._answers:
            self._answers[share] = self._right(base)
        right = self._right(released)
        return self._price(len(held), self._answers[share], right, share)

    def _right(self, rows: Batch) -> np.ndarray:
        """Which holdout rows a model trained on these rows gets right."""
        model: Model = train(rows, self._params.train, self._params.seed, trusted=self._reference)
        return model.predict(self._holdout) == self._holdout.labels

    def _price(self, rows: int, without: np.ndarray, released: np.ndarray, share: float) -> Price:
        worse, better = int((without & ~released).sum()), int((released & ~without).sum())
        low, high = paired_interval(worse, better, len(without), self._params.seed)
        personal = self._layout.label in self._layout.personal
        return Price(
            rows=rows,
            holdout=len(without),
            without=round(float(without.mean()), 6),
            released=round(float(released.mean()), 6),
            worse=worse,
            better=better,
            low=low,
            high=high,
            thinned=round(share, 6),
            hit=None if personal else _most_hit(self._holdout.labels, without, released),
        )


def paired_interval(worse: int, better: int, rows: int, seed: int) -> tuple[float, float]:
    """95 % interval of a paired difference of accuracies, by the bootstrap over rows.

    A row contributes -1, 0 or 1, so that resampling rows is drawing from a multinomial, which is what is done.

    Examples
    --------
    >>> paired_interval(0, 0, 100, 0)
    (0.0, 0.0)
    """
    shares = np.array([worse, better, rows - worse - better]) / rows
    draws = np.random.default_rng(seed).multinomial(rows, shares, size=PRICE_DRAWS)
    low, high = np.quantile((draws[:, 1] - draws[:, 0]) / rows, [0.025, 0.975])
    return round(float(low), 6), round(float(high), 6)


def _most_hit(labels: np.ndarray, without: np.ndarray, released: np.ndarray) -> tuple[str, int, int, int] | None:
    names, codes = np.unique(labels, return_inverse=True)
    before, after = (np.bincount(codes, weights=right, minlength=len(names)) for right in (without, released))
    worst = int(np.argmin(after - before))
    if after[worst] >= before[worst]:
        return None
    return str(names[worst]), int(before[worst]), int(after[worst]), int((codes == worst).sum())


def _thin(rows: Batch, share: float, fewest: int = 1) -> Batch:
    """Evenly spaced rows, at least the fewest."""
    count = max(fewest, round(share * len(rows)))
    return rows if count >= len(rows) else rows.take(np.linspace(0, len(rows) - 1, count).astype(int))


def _join_rows(base: Batch, held: Batch) -> pa.Table:
    return pa.concat_tables([base.table, held.typed_table.select(base.table.column_names).cast(base.table.schema)])


def _read_price(place: Path) -> Price | None:
    content = read_cached(place)
    if content is None:
        return None
    try:
        said = json.loads(content)
        return Price(**said | {"hit": said["hit"] and tuple(said["hit"])})
    except (ValueError, KeyError, TypeError):
        return None
