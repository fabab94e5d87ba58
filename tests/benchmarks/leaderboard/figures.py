"""The figures: means with bootstrap intervals over tables, references and batches, and paired differences."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from leaderboard.attacks import ATTACKS, HONEST
from leaderboard.data import tables
from leaderboard.exam import CLEAN, SIZES

DRAWS = 2000
EQUAL_ALARMS = 0.05
"""False alarms at which tools are compared: each above the level that one clean batch in 20 passes."""
LEAST_GAP = 0.005
"""What shows with two decimals."""
UNIT = ["table", "reference"]
KINDS = ("runs", "batches", "models")


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.mean):
            return "–"
        return f"{plain(self.mean)} ({plain(self.low)} to {plain(self.high)})"

    def in_percent(self) -> str:
        """The same of 100, with one decimal."""
        return f"{100 * self.mean:.1f} ({100 * self.low:.1f} to {100 * self.high:.1f})"


def plain(share: float) -> str:
    """A share as it is printed."""
    return f"{share:.2f}".replace("0.", ".", 1) if abs(share) < 1 else f"{share:.2f}"


@dataclass(frozen=True)
class Results:
    """What was measured: a line a unit, a line a batch, a line a trained model."""

    size: str
    runs: pd.DataFrame
    batches: pd.DataFrame
    models: pd.DataFrame

    @classmethod
    def read(cls, folder: Path, size: str) -> "Results":
        """Those of one size."""
        return cls(
            size, *(pd.read_parquet(folder / f"{size}-{kind}.parquet") for kind in ("runs", "batches", "models"))
        )

    def named(self, name: str) -> str:
        """The name of a file of the page: as it is for the full run, which the first pages repeat."""
        return name if self.size == "full" else f"{self.size}-{name}"

    @cached_property
    def peers(self) -> list[str]:
        """Tools that judged every table, the best first."""
        faulty = set(self.runs.loc[self.runs["fault"] != "", "peer"])
        units = self.runs.groupby("peer").size()
        whole = [peer for peer in units.index if peer not in faulty and units[peer] == units.max()]
        return sorted(whole, key=lambda peer: -self.caught(peer).mean)

    @cached_property
    def judged(self) -> pd.DataFrame:
        """Batches, each with whether it lies above the level of its tool's clean ones."""
        parts = []
        for _, lines in self.batches.groupby(["peer", *UNIT]):
            clean = np.sort(lines.loc[lines["attack"] == CLEAN, "score"])
            level = clean[-int(EQUAL_ALARMS * len(clean)) - 1]
            parts.append(lines.assign(above=lines["score"] > level))
        return pd.concat(parts, ignore_index=True)

    def of(self, peer: str, attacks: list[str], rate: float | None = None) -> pd.DataFrame:
        """A tool's batches of some attacks."""
        lines = self.judged[(self.judged["peer"] == peer) & self.judged["attack"].isin(attacks)]
        return lines if rate is None else lines[lines["rate"] == rate]

    def caught(self, peer: str, column: str = "above", rate: float | None = None, attack: str = "") -> Estimate:
        """Of poisoned batches: those above the level of clean ones (`above`), alarms (`alarm`), or the rows' AUROC."""
        return estimate(self.of(peer, [attack] if attack else list(ATTACKS), rate), column)

    def alarms(self, peer: str, honest: bool = False) -> Estimate:
        """Alarms on clean batches, or on honest change."""
        return estimate(self.of(peer, list(HONEST) if honest else [CLEAN]), "alarm")

    def behind(self, peer: str, other: str, column: str, attack: str) -> Estimate:
        """How much better another tool is on the same batches; above zero if it is."""
        keys = [*UNIT, "attack", "rate", "draw"]
        both = self.of(peer, [attack]).merge(self.of(other, [attack]), on=keys, suffixes=("", "_other"))
        return estimate(both.assign(gap=both[f"{column}_other"].astype(float) - both[column].astype(float)), "gap")

    def losses(self, peer: str) -> Iterator[tuple[str, str, str, Estimate]]:
        """Where another tool is better: column, attack, that tool, and by how much."""
        others = [other for other in self.peers if other != peer]
        for column in ("above", "auroc"):
            for attack in ATTACKS:
                best = max(others, key=lambda other: np.nan_to_num(self.caught(other, column, attack=attack).mean))
                gap = self.behind(peer, best, column, attack)
                if gap.mean >= LEAST_GAP:
                    yield column, attack, best, gap

    def costs(self, peer: str) -> tuple[float, float, float]:
        """Medians: seconds to fit and to set a threshold, milliseconds a batch, highest MiB."""
        runs = self.runs[self.runs["peer"] == peer]
        batch = self.batches.loc[self.batches["peer"] == peer, "seconds"].mean()
        return runs["fit_seconds"].median(), 1000 * batch, runs["mebibytes"].median()

    def hours_of(self, size: str) -> float:
        """Processor hours that a size takes for these tools, by what this run measured."""
        wanted = SIZES[size]
        batches = len(ATTACKS) * len(wanted.rates) * wanted.draws + wanted.clean + len(HONEST) * wanted.honest
        each = sum(fit + batches * batch / 1000 for fit, batch, _ in map(self.costs, self.peers))
        return each * wanted.references * len(list(tables(size))) / 3600

    def model(self, peer: str, column: str, attack: str = "") -> Estimate:
        """What models are worth behind a tool, over tables and attacks."""
        lines = self.models[(self.models["peer"] == peer) & self.models[column].notna()]
        return estimate(lines[lines["attack"] == attack] if attack else lines, column)


def estimate(lines: pd.DataFrame, column: str) -> Estimate:
    """The mean over units; the interval draws units, and lines within each."""
    values = [found.dropna().to_numpy(float) for _, found in lines.groupby(UNIT)[column]]
    values = [found for found in values if len(found)]
    if not values:
        return Estimate(np.nan, np.nan, np.nan)
    rng = np.random.default_rng(0)
    means = np.array([rng.choice(found, (DRAWS, len(found))).mean(axis=1) for found in values])
    drawn = rng.integers(len(values), size=(DRAWS, len(values)))
    low, high = np.quantile(means[drawn, np.arange(DRAWS)[:, None]].mean(axis=1), [0.025, 0.975])
    return Estimate(float(np.mean([found.mean() for found in values])), float(low), float(high))
