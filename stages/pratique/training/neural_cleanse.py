"""Triggers of networks by gradient: the smallest mask and pattern that send rows to a class, and how to unlearn one.

Source: Wang, Yao, Shan, Li, Viswanath, Zheng and Zhao, "Neural Cleanse: identifying and mitigating backdoor attacks in
neural networks", IEEE S&P 2019.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pratique.core.batch import Batch
from pratique.core.extras import require_torch
from pratique.statistics.network import Network, draw_from, fit_network, score_torch
from pratique.training.models import Model

CLEANSING_STEPS = 500
ADAM_RATE, ADAM_BETAS = 0.1, (0.5, 0.9)
"""Of Adam, as published."""
FIRST_COST, RAISED, LOWERED = 1e-3, 2.0, 2.0**1.5
"""What a unit of the mask costs at first, and by what that is multiplied or divided."""
PATIENCE_STEPS = 5
"""Steps in turn that succeed or fail before the cost changes."""
SUCCEEDS = 0.99
CLEANSED_ROWS = 128
"""Rows that each step is about."""
STAMPED = 0.5
"""Share of the rows that carry the trigger, under their true labels, while it is unlearned."""
OVERWRITTEN = 0.5
"""Share of a feature from which on a pattern takes its place."""
NEARLY = 0.1
"""Share of a feature's range by which what a row holds may differ from a pattern."""
UNLEARNING_EPOCHS = 10
UNLEARNING_ROUNDS = 3


@dataclass(frozen=True)
class Reversed:
    """What sends rows to a class: how much of each feature is overwritten, and with what.

    Attributes
    ----------
    mask, pattern : ndarray of float, shape (features,)
        Shares from 0 to 1, and values of the features.
    """

    mask: np.ndarray
    pattern: np.ndarray

    @property
    def norm(self) -> float:
        """How much of a row it overwrites, in features."""
        return float(self.mask.sum())

    def stamp(self, rows: np.ndarray) -> np.ndarray:
        """Rows with it."""
        return np.asarray((1 - self.mask) * rows + self.mask * self.pattern)

    def match(self, rows: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Which rows hold what it writes where it overwrites most of a feature, but for a part of the range."""
        written = self.mask > OVERWRITTEN
        near = np.abs(rows - self.pattern) <= NEARLY * (high - low)
        return np.asarray(near[:, written].all(axis=1) & written.any())


@dataclass(frozen=True)
class Space:
    """The features of a network's rows: their range, and how the network reads them."""

    model: Model
    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, model: Model, trusted: Batch) -> "Space":
        """A number may be what it is among trusted rows; a pixel what any pixel is."""
        low, high = np.nanmin(trusted.numeric, axis=0), np.nanmax(trusted.numeric, axis=0)
        if model.classifier.image is not None:
            low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
        return cls(model, low, high)

    @property
    def network(self) -> Network:
        """The classifier of the model."""
        return self.model.classifier

    def fill(self, rows: np.ndarray) -> np.ndarray:
        """Rows whose missing numbers are where the network has them: at the mean."""
        return np.where(np.isnan(rows), self.model.encoder.mean, rows)

    def encode(self, rows: np.ndarray) -> np.ndarray:
        """Rows as the network reads them."""
        return np.arcsinh((rows - self.model.encoder.mean) / self.model.encoder.std)


def is_numeric_network(model: object) -> bool:
    """Whether a model is a network of numbers alone, so that there is a gradient to follow."""
    return isinstance(model, Model) and isinstance(model.classifier, Network) and not model.layout.categorical


def reverse_engineer(space: Space, rows: np.ndarray, target: int, seed: int) -> Reversed:
    """The smallest mask, with its pattern, that sends at least 99 % of rows to a class.

    Minimises CE(f((1 - m) x + m p), target) + c |m|, with c that rises while it succeeds and falls while it does not.
    Rows that never succeed keep the mask of the last step.
    """
    require_torch("following the gradient of a network")
    import torch

    search = _Search(space, target)
    best: Reversed | None = None
    cost, good, bad = FIRST_COST, 0, 0
    with draw_from(seed):
        values = torch.tensor(space.fill(rows), dtype=torch.float32)
        optimizer = torch.optim.Adam(search.free, lr=ADAM_RATE, betas=ADAM_BETAS)
        for _ in range(CLEANSING_STEPS):
            chosen = values[torch.randperm(len(values))[:CLEANSED_ROWS]]
            loss, success, mask = search.evaluate(chosen, cost)
            found = search.freeze()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            good, bad = (good + 1, 0) if success >= SUCCEEDS else (0, bad + 1)
            if success >= SUCCEEDS and (best is None or mask < best.norm):
                best = found
            if good >= PATIENCE_STEPS:
                cost, good = cost * RAISED, 0
            elif bad >= PATIENCE_STEPS:
                cost, bad = cost / LOWERED, 0
    return search.freeze() if best is None else best


class _Search:
    """A mask and a pattern on their way."""

    def __init__(self, space: Space, target: int) -> None:
        import torch

        self.space, self.target = space, target
        self.free = [torch.zeros(len(space.low), requires_grad=True) for _ in range(2)]
        self.layers = [torch.tensor(np.array(layer)) for layer in space.network.layers]
        self.low, self.high, self.mean, self.std = (
            torch.tensor(part, dtype=torch.float32)
            for part in (space.low, space.high, space.model.encoder.mean, space.model.encoder.std)
        )

    def _parts(self) -> tuple[Any, Any]:
        mask, place = ((part.tanh() + 1) / 2 for part in self.free)
        return mask, self.low + (self.high - self.low) * place

    def evaluate(self, rows: Any, cost: float) -> tuple[Any, float, float]:
        """The loss, the share of rows that the class is said of, and the size of the mask."""
        from torch.nn.functional import cross_entropy

        mask, pattern = self._parts()
        stamped = (1 - mask) * rows + mask * pattern
        scores = score_torch(self.layers, ((stamped - self.mean) / self.std).asinh(), self.space.network.image)
        wanted = rows.new_full((len(rows),), self.target).long()
        success = float((scores.argmax(dim=1) == self.target).float().mean())
        return cross_entropy(scores, wanted) + cost * mask.sum(), success, float(mask.detach().sum())

    def freeze(self) -> Reversed:
        """Both as they are now."""
        mask, pattern = self._parts()
        return Reversed(mask.detach().numpy().astype(float), pattern.detach().numpy().astype(float))


def list_anomalies(norms: np.ndarray) -> np.ndarray:
    """How far each norm lies below the median, in median absolute deviations made comparable to a standard deviation.

    Examples
    --------
    >>> list_anomalies(np.array([10.0, 11.0, 9.0, 10.0, 2.0])).round(2).tolist()
    [0.0, -0.67, 0.67, 0.0, 5.4]
    """
    below = np.median(norms) - norms
    spread = 1.4826 * np.median(np.abs(below))
    return np.asarray(below / spread if spread > 0 else np.zeros(len(norms)))


def unlearn(space: Space, found: Reversed, target: int, trusted: Batch, seed: int) -> Model:
    """The same model after more training on trusted rows, half of which carry a pattern under their true labels.

    What still sends rows to the class is sought again after each round, and shown beside what was found before.
    """
    known = trusted.take(np.flatnonzero(np.isin(trusted.labels, space.model.classes)))
    rows, targets = space.fill(known.numeric), np.searchsorted(space.model.classes, known.labels)
    rng, patterns, model = np.random.default_rng(seed), [found], space.model
    for turn in range(UNLEARNING_ROUNDS):
        shown = [np.where((rng.random(len(rows)) < STAMPED)[:, None], each.stamp(rows), rows) for each in patterns]
        points, wanted = space.encode(np.vstack([rows, *shown])), np.tile(targets, 1 + len(shown))
        network = fit_network(points, wanted, None, seed, UNLEARNING_EPOCHS, start=model.classifier)
        model = Model(model.layout, model.encoder, network, model.classes)
        if turn + 1 < UNLEARNING_ROUNDS:
            patterns.append(reverse_engineer(replace(space, model=model), rows[targets != target], target, seed))
    return model
