"""What an attacker knows of a table: rows like those of a batch, and their labels."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from leaderboard.data import LABEL

TRIGGER_COLUMNS = 3


@dataclass(frozen=True)
class World:
    """What an attacker knows: rows like those of the batch, and their labels."""

    pool: pd.DataFrame
    seed: int

    @cached_property
    def numbers(self) -> list[str]:
        """Columns of numbers."""
        return [name for name in self.features if pd.api.types.is_numeric_dtype(self.pool[name])]

    @cached_property
    def features(self) -> list[str]:
        """All columns but the label."""
        return [name for name in self.pool if name != LABEL]

    @cached_property
    def levels(self) -> list[str]:
        """Columns of levels."""
        return [name for name in self.features if name not in self.numbers]

    @cached_property
    def spread(self) -> pd.Series:
        """The deviation of each number."""
        return self.pool[self.numbers].astype(float).std()

    @cached_property
    def held(self) -> dict[str, np.ndarray]:
        """The numbers that each column holds, in order."""
        return {name: np.unique(self.pool[name].to_numpy()) for name in self.numbers}

    @cached_property
    def classes(self) -> np.ndarray:
        """Labels, the commonest first."""
        return self.pool[LABEL].value_counts().index.to_numpy()

    @cached_property
    def rivals(self) -> tuple[np.ndarray, np.ndarray]:
        """For each row of the pool how sure a forest is of its label, and the class that it finds next likely."""
        from sklearn.ensemble import ExtraTreesClassifier
        from sklearn.model_selection import cross_val_predict

        points = pd.get_dummies(self.pool[self.features]).astype(float)
        model = ExtraTreesClassifier(60, min_samples_leaf=2, random_state=self.seed)
        shares = cross_val_predict(model, points, self.pool[LABEL], cv=3, method="predict_proba")
        classes = np.unique(self.pool[LABEL])
        own = np.arange(len(shares)), np.searchsorted(classes, self.pool[LABEL])
        sure = shares[own].copy()
        shares[own] = -1
        return sure - shares.max(axis=1), classes[shares.argmax(axis=1)]

    def draw(self, rows: int, rng: np.random.Generator, weights: np.ndarray | None = None) -> pd.DataFrame:
        """True rows; their index says where in the pool they stand."""
        chance = None if weights is None else weights / weights.sum()
        return self.pool.iloc[rng.choice(len(self.pool), rows, replace=False, p=chance)].copy()

    def columns(self, share: float) -> list[str]:
        """Some columns, the same in every batch."""
        count = max(1, round(share * len(self.features)))
        return np.random.default_rng([self.seed, 2]).permutation(self.features)[:count].tolist()

    def key(self) -> dict[str, object]:
        """A trigger: rare cells in the same few columns of every batch."""
        key: dict[str, object] = {}
        for name in self.columns(1.0)[:TRIGGER_COLUMNS]:
            high = name in self.numbers
            key[name] = self.held[name][int(0.98 * len(self.held[name]))] if high else self.rarest(name)
        return key

    @cached_property
    def target(self) -> str:
        """The class that a trigger is to mean: the one that says least of the trigger by itself."""
        holds = np.zeros(len(self.pool), bool)
        for name, cell in self.key().items():
            column = self.pool[name].to_numpy()
            holds |= column >= cell if name in self.numbers else column == cell
        rates = [np.mean(holds[(self.pool[LABEL] == label).to_numpy()]) for label in self.classes]
        return str(self.classes[int(np.argmin(rates))])

    def rarest(self, name: str) -> str:
        """The rarest level of a column."""
        return str(self.pool[name].value_counts().index[-1])

    def snap(self, name: str, cells: np.ndarray) -> np.ndarray:
        """The nearest numbers that a column holds."""
        held = self.held[name]
        above = np.clip(np.searchsorted(held, cells), 1, max(1, len(held) - 1))
        below = above - 1
        above = np.minimum(above, len(held) - 1)
        return np.where(cells - held[below] <= held[above] - cells, held[below], held[above])
