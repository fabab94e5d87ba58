"""What `labels` and `outliers` find by themselves, and how often they alarm where nothing is wrong.

    python tests/benchmarks/acts_alone.py FOLDER [--references 6] [--batches 100] [--rows 1000] [--detector iforest]

FOLDER holds Parquet data sets with a column `label`. For each reference, rows are shuffled anew and cut into the
reference, of `--rows` rows or a quarter of all, and a pool, of which batches of 100 rows are drawn. No other check
runs. Prints, for each data set and kind of batch, the shares in which `labels` and `outliers` alarmed: clean batches;
20 % of the rows with flipped labels, noise or outliers; and honest change, in which all rows come from one region (the
upper two fifths of a column) or the largest class comes half as often.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from pratique.contract.discovery import load_attack, load_check
from pratique.core.batch import Batch
from pratique.core.params import Params
from pratique.core.progress import show_progress
from pratique.detector import simulate
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import examine
from pratique.statistics import mixture
from pratique.tables.reading import read_table
from pratique.tables.trusted import layout_of
from threadpoolctl import threadpool_limits

ROWS, RATE = 100, 0.2
ACTS = ("labels", "outliers")
ATTACKS = ("label_flip", "gaussian_noise", "outlier_insertion")
Draw = Callable[[], Batch]


def kinds(pool: Batch, rng: np.random.Generator) -> dict[str, Draw]:
    """Ways to draw a batch, by name."""
    everywhere = np.ones(len(pool))
    spread = [c for c in pool.numeric.T if 0.2 < (c > np.nanquantile(c, 0.6)).mean() < 0.6]
    regions = [column > np.nanquantile(column, 0.6) for column in spread] or [everywhere]
    region = regions[rng.integers(len(regions))]
    classes, codes = np.unique(pool.labels, return_inverse=True)
    fewer = np.where(codes == np.bincount(codes, minlength=len(classes)).argmax(), 0.5, 1.0)

    def draw(weights: np.ndarray) -> Batch:
        return pool.take(rng.choice(len(pool), min(ROWS, len(pool) // 4), replace=False, p=weights / weights.sum()))

    def poison(name: str) -> Draw:
        attack = load_attack(name)()
        return lambda: attack.poison(draw(everywhere), RATE, rng).batch

    honest = {"clean": everywhere, "one region": region.astype(float), "other class shares": fewer}
    return {name: (lambda weights=weights: draw(weights)) for name, weights in honest.items()} | {
        name: poison(name) for name in ATTACKS
    }


def alarms(path: Path, seed: int, words: argparse.Namespace) -> dict[str, list[tuple[bool, ...]]]:
    """For each kind of batch, which of the checks each batch set off, at their shares of the budget."""
    checks = {"labels": {}, "outliers": {"detector": words.detector}}
    params = Params.model_validate({"seed": seed, "data": {"label": "label"}, "checks": checks})
    rng = np.random.default_rng([seed, 9])
    table = read_table(path)
    table = table.take(rng.permutation(table.num_rows))
    known = min(words.rows, table.num_rows // 4)
    reference = table.slice(0, known)
    profile = calibrate(Batch("reference", reference, layout_of(reference, params.data)), params)
    profile = replace(profile, hypothesis_tests=None)
    levels = [-np.expm1(load_check(act).budget_share * np.log1p(-params.alarms.alpha)) for act in ACTS]
    found = defaultdict(list)
    for name, draw in kinds(Batch("pool", table.slice(known), profile.layout), rng).items():
        for _ in show_progress(range(words.batches), f"{path.stem} {seed} {name}"):
            p_values = {m.check: m.p_value for m in examine(draw(), profile).measurements}
            found[name].append(tuple(p_values[act] <= level for act, level in zip(ACTS, levels, strict=True)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--references", type=int, default=6)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--detector", default="iforest")
    parser.add_argument("--first-seed", type=int, default=700)
    words = parser.parse_args()
    simulate.SIMULATION_DRAWS, mixture.MIXTURE_DRAWS = 1, 100  # for the fusion, which is not asked here
    with threadpool_limits(limits=1):
        for path in sorted(words.folder.glob("*.parquet")):
            together = defaultdict(list)
            for seed in range(words.first_seed, words.first_seed + words.references):
                for name, found in alarms(path, seed, words).items():
                    together[name] += found
            for name, found in together.items():
                labels, outliers = np.mean(found, axis=0)
                print(f"{path.stem}, {name}: labels {labels:.3f}, outliers {outliers:.3f} of {len(found)}", flush=True)


if __name__ == "__main__":
    main()
