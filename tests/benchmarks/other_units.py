"""How often some cells of a column are named as another unit's: where they are, and where they are not.

    python tests/benchmarks/other_units.py FOLDER

FOLDER holds Parquet tables with a column `label`. Half of each table is trusted; ten batches of 100 rows are drawn from
the other half. In each numeric column 20 cells are changed: multiplied by a factor, or by noise, a shift or outliers.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from pratique.statistics.units import find_other_unit

BATCHES, ROWS, CHANGED = 10, 100, 20
FACTORS = (1000.0, 60.0, 10.0, 0.1)
HONEST = ("clean", "noise", "shift", "outliers")


def change(cells: np.ndarray, how: str | float, known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The cells of a column, `CHANGED` of them another's."""
    rows, spread = rng.choice(len(cells), CHANGED, replace=False), known.std()
    new = cells.copy()
    if isinstance(how, float):
        new[rows] *= how
    elif how == "noise":
        new[rows] += rng.normal(0, 3 * spread, CHANGED)
    elif how == "shift":
        new[rows] += 2 * spread
    elif how == "outliers":
        new[rows] = known.mean() + rng.choice([-1, 1]) * 5 * spread * rng.uniform(0.8, 1.2, CHANGED)
    return new


def measure(table: pd.DataFrame, rng: np.random.Generator) -> dict[str, str]:
    """Of all columns and batches the share in which a unit is named, by what was done."""
    numbers = table.drop(columns="label").select_dtypes("number").astype(float).sample(frac=1, random_state=0)
    trusted, pool = numbers.iloc[: len(numbers) // 2], numbers.iloc[len(numbers) // 2 :]
    batches = [pool.sample(ROWS, random_state=k) for k in range(BATCHES)]
    told = {}
    for how in (*HONEST, *FACTORS):
        found = [
            find_other_unit(known, change(batch[name].to_numpy(), how, known, rng))
            for batch in batches
            for name, known in trusted.items()
            for known in [known.to_numpy()]
        ]
        named = [each for each in found if each is not None]
        right = np.mean([np.isclose(each.factor, how) for each in named]) if named and how in FACTORS else None
        told[str(how)] = f"{len(named) / len(found):.3f}" + ("" if right is None else f" ({right:.2f} right)")
    return told


def main() -> None:
    """Print a line for each table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    rng = np.random.default_rng(0)
    for file in sorted(parser.parse_args().folder.glob("*.parquet")):
        table = pd.read_parquet(file)
        if table.shape[1] <= 100:
            print(file.stem, measure(table, rng))


if __name__ == "__main__":
    main()
