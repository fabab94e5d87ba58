"""How many small batches until poison that is spread thinly over them is seen in the stream of its source?

    python tests/benchmarks/stream_delay.py FOLDER [--data NAME...] [--references 3] [--rows 1000] [--streams 40]
                                            [--clean 3000] [--examined 0]

FOLDER holds Parquet data sets with a column `label`. Batches of 20 rows are drawn from rows that the profile never
saw; in each of them every row has its label flipped with a chance of 10 % (or 3 %). They go through the pipeline's
own `Streams`, which counts batches that are quarantined by themselves, too. Prints the median number of batches up to
the first alarm of the stream, beside the share of streams that never alarmed within 400 batches, and the alarms of the
stream over clean batches. Rows are measured once, each by itself, because what a row scores does not depend on the
rows beside it; with --examined so many streams are run once more with every batch examined and judged, which is
slow, and the share of their batches that are quarantined by themselves is printed, too.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pratique.contract.check import measure
from pratique.contract.discovery import load_attack
from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.detector.detector import Detector
from pratique.detector.hypothesis_tests import HypothesisTests
from pratique.detector.verdict import Verdict
from pratique.quarantine.stream import STREAM, Streams
from pratique.statistics import mixture
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

CHECKS = {"outliers": {}, "labels": {}, "losses": {}, "density": {}, "relations": {}}
DATA = ("adult", "banknote", "magic", "spambase")
ROWS = 20
POOL = 3000
CHUNK = 500
MOST = 400
HELD = Verdict("quarantine", 0.0, ())


@dataclass(frozen=True)
class Rows:
    """What was measured of rows, each by itself: the fusion's log odds, and the loss of its label."""

    log_odds: np.ndarray
    losses: np.ndarray

    @classmethod
    def of(cls, rows: Batch, detector: Detector) -> "Rows":
        """A row's score without the share of its batch is its log odds."""
        odds, losses = [], []
        for start in range(0, len(rows), CHUNK):
            chunk = rows.take(np.arange(start, min(start + CHUNK, len(rows))))
            seen = detector.examine(chunk)
            odds.append(seen.row_scores - mixture.posterior_log_odds(np.zeros(1), seen.share.estimate))
            folds = detector.profile.checks["losses"].folds
            losses.append(np.mean([measure(fitted, chunk).row_scores for fitted in folds], axis=0))
        return cls(np.concatenate(odds), np.concatenate(losses))

    def bets(self, rows: np.ndarray, other: "Rows", flipped: np.ndarray, fused: HypothesisTests) -> tuple[float, ...]:
        """What a batch of these rows wins, of which some are taken from `other`."""
        odds = np.where(flipped, other.log_odds[rows], self.log_odds[rows])
        losses = np.where(flipped, other.losses[rows], self.losses[rows])
        assert fused.flip_odds is not None
        return *mixture.bets(odds, fused.mean_odds).tolist(), *fused.flip_odds.bets(losses)


@dataclass(frozen=True)
class Source:
    """A source that sends rows of a pool, and a detector that never saw them.

    `clean` and `flips` are the pool with true labels and with flipped ones, and what was measured of each.
    """

    detector: Detector
    clean: tuple[Batch, Rows]
    flips: tuple[Batch, Rows]

    @classmethod
    def of(cls, path: Path, rows: int, seed: int) -> "Source":
        params = Params.model_validate({"seed": seed, "data": {"label": "label"}, "checks": CHECKS})
        table = read_table(path)
        table = table.take(np.random.default_rng([seed, 7]).permutation(table.num_rows))
        known = table.slice(0, min(rows, table.num_rows // 4))
        detector = Detector.learn(Batch("reference", known, layout_of(known, params.data)), params)
        pool = Batch("pool", table.slice(known.num_rows, POOL), detector.layout)
        flips = load_attack("label_flip")().poison(pool, 1.0, np.random.default_rng([seed, 8])).batch
        return cls(detector, (pool, Rows.of(pool, detector)), (flips, Rows.of(flips, detector)))

    def alarms(self, rate: float, batches: int, seed: list[int], first: bool = True) -> list[int]:
        """The batches at which the stream alarms, counted from 1: the first of them, or all."""
        rng, streams, found = np.random.default_rng(seed), Streams(self.detector.params.alarms.alpha), []
        fused = self.detector.profile.hypothesis_tests
        assert fused is not None
        for batch in range(1, batches + 1):
            rows, flipped = self._draw(rate, rng)
            bets = self.clean[1].bets(rows, self.flips[1], flipped, fused)
            if STREAM in streams.follow("source", bets, HELD).alarms:
                found.append(batch)
                if first:
                    break
        return found

    def examined(self, rate: float, seed: list[int]) -> tuple[int, int]:
        """The same with every batch examined and judged: batches up to the stream's alarm, how many alarm alone."""
        rng, streams, alone = np.random.default_rng(seed), Streams(self.detector.params.alarms.alpha), 0
        for number in range(1, MOST + 1):
            rows, flipped = self._draw(rate, rng)
            both = self.clean[0].take(rows[~flipped]).append(self.flips[0].take(rows[flipped]))
            seen = self.detector.examine(both)
            verdict = self.detector.judge(seen)
            alone += verdict.verdict == "quarantine"
            if STREAM in streams.follow("source", seen.bets, verdict).alarms:
                return number, alone
        return MOST + 1, alone

    def _draw(self, rate: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        rows = rng.choice(len(self.clean[0]), ROWS, replace=False)
        return rows, rng.random(ROWS) < rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", nargs="+", default=DATA)
    parser.add_argument("--references", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--clean", type=int, default=3000)
    parser.add_argument("--examined", type=int, default=0)
    words = parser.parse_args()
    medians: dict[str, list[float]] = {}
    with threadpool_limits(limits=1):
        for name in words.data:
            for seed in show_progress(range(500, 500 + words.references), name):
                source = Source.of(words.folder / f"{name}.parquet", words.rows, seed)
                median, said = one(source, seed, words)
                medians.setdefault(name, []).append(median)
                print(f"{name} {seed}: {said}", flush=True)
    by_data = {name: float(np.median(found)) for name, found in medians.items()}
    print(f"10% flips, median over references: {by_data}; over the tables: {np.median(list(by_data.values())):g}")


def one(source: Source, seed: int, words: argparse.Namespace) -> tuple[float, str]:
    """One reference: the median delay at 10 %, and everything in words."""
    said, medians = [], []
    for rate in (0.1, 0.03):
        first = [[*source.alarms(rate, MOST, [seed, k]), MOST + 1][0] for k in range(words.streams)]
        medians.append(float(np.median(first)))
        never = np.mean(np.array(first) > MOST)
        said.append(f"{rate:.0%} flips: median {medians[-1]:.0f}, never {never:.2f}")
    false = source.alarms(0.0, words.clean, [seed, 9], first=False)
    said.append(f"{len(false)} alarms in {words.clean} clean batches")
    if words.examined:
        found = [source.examined(0.1, [seed, k]) for k in range(words.examined)]
        batches, alone = (sum(part) for part in zip(*found, strict=True))
        delay = np.median([number for number, _ in found])
        said.append(f"examined: median {delay:.0f}, {alone} of {batches} batches alarm by themselves")
    return medians[0], "; ".join(said)


if __name__ == "__main__":
    main()
