"""How many small batches until poison that is spread thinly over them is seen in the stream of its source?

    python tests/benchmarks/stream_delay.py FOLDER [--references 3] [--rows 1000] [--streams 40] [--clean 3000]

FOLDER holds Parquet data sets with a column `label`. Batches of 20 rows are drawn from rows that the profile never
saw; in each of them every row has its label flipped with a chance of 10 % (or 3 %). Prints the median number of
batches up to the first alarm of the stream, beside the share of streams that never alarmed within 400 batches, and
the alarms in streams of clean batches. Alarms of single batches are left out: they come on top.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pratique.contract.discovery import load_attack
from pratique.core.batch import Batch
from pratique.core.params import AlarmParams, Params
from pratique.core.progress import show_progress
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import examine
from pratique.detector.hypothesis_tests import HypothesisTests
from pratique.detector.profile import Profile
from pratique.quarantine.stream import PATIENCE, Stream
from pratique.statistics import mixture
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

CHECKS = {"outliers": {}, "labels": {}, "losses": {}, "density": {}, "relations": {}}
ROWS = 20
POOL = 3000
CHUNK = 500
MOST = 400
LIMIT = float(np.log(PATIENCE / AlarmParams().alpha))


@dataclass(frozen=True)
class Rows:
    """What was measured of rows, each by itself: the fusion's log odds, and the loss of its label."""

    log_odds: np.ndarray
    losses: np.ndarray

    @classmethod
    def of(cls, rows: Batch, profile: Profile) -> "Rows":
        """A row's score without the share of its batch is its log odds."""
        odds, losses = [], []
        for start in range(0, len(rows), CHUNK):
            seen = examine(rows.take(np.arange(start, min(start + CHUNK, len(rows)))), profile)
            odds.append(seen.row_scores - mixture.posterior_log_odds(np.zeros(1), seen.share.estimate))
            losses.append(next(m.finding.row_scores for m in seen.measurements if m.check == "losses"))
        return cls(np.concatenate(odds), np.concatenate(losses))

    def bets(self, rows: np.ndarray, other: "Rows", flipped: np.ndarray, fused: HypothesisTests) -> tuple[float, ...]:
        """What a batch of these rows wins, of which some are taken from `other`."""
        odds = np.where(flipped, other.log_odds[rows], self.log_odds[rows])
        losses = np.where(flipped, other.losses[rows], self.losses[rows])
        assert fused.flip_odds is not None
        return *mixture.bets(odds, fused.mean_odds).tolist(), *fused.flip_odds.bets(losses)


def alarms(clean: Rows, flips: Rows, rate: float, fused: HypothesisTests, batches: int, seed: list[int]) -> list[int]:
    """The batches at which the stream alarms, counted from 1; it begins anew after each."""
    rng, stream, found = np.random.default_rng(seed), Stream(), []
    for batch in range(1, batches + 1):
        rows = rng.choice(len(clean.losses), ROWS, replace=False)
        stream = stream.after(clean.bets(rows, flips, rng.random(ROWS) < rate, fused))
        if stream.log_mean >= LIMIT:
            found.append(batch)
            stream = Stream()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--references", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--streams", type=int, default=40)
    parser.add_argument("--clean", type=int, default=3000)
    words = parser.parse_args()
    with threadpool_limits(limits=1):
        for path in sorted(words.folder.glob("*.parquet")):
            for seed in show_progress(range(500, 500 + words.references), path.stem):
                print(f"{path.stem} {seed}: {one(path, seed, words)}", flush=True)


def one(path: Path, seed: int, words: argparse.Namespace) -> str:
    """One reference."""
    params = Params.model_validate({"seed": seed, "data": {"label": "label"}, "checks": CHECKS})
    table = read_table(path)
    table = table.take(np.random.default_rng([seed, 7]).permutation(table.num_rows))
    known = min(words.rows, table.num_rows // 4)
    known_rows = table.slice(0, known)
    profile = calibrate(Batch("reference", known_rows, layout_of(known_rows, params.data)), params)
    assert profile.hypothesis_tests is not None
    pool = Batch("pool", table.slice(known, POOL), profile.layout)
    flips = load_attack("label_flip")().poison(pool, 1.0, np.random.default_rng([seed, 8])).batch
    clean, flipped = Rows.of(pool, profile), Rows.of(flips, profile)
    found = []
    for rate in (0.1, 0.03):
        first = [
            [*alarms(clean, flipped, rate, profile.hypothesis_tests, MOST, [seed, k]), MOST + 1][0]
            for k in range(words.streams)
        ]
        found.append(f"{rate:.0%} flips: median {np.median(first):.0f}, never {np.mean(np.array(first) > MOST):.2f}")
    false = alarms(clean, flipped, 0.0, profile.hypothesis_tests, words.clean, [seed, 9])
    return "; ".join(found) + f"; {len(false)} alarms in {words.clean} clean batches"


if __name__ == "__main__":
    main()
