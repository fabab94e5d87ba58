"""Income and sex: a model that gives women the good label less often, before and after its labels are massaged."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.errors import PratiqueError
from pratique.scaffold.samples.sample import Sample
from pratique.tables.reading import read_file

INCOME, LABEL_NAMES = "income", ("income", "label", "class")
SEX, SEXES = "sex", {"Female", "Male"}
RICH, POOR = ">50K", "<=50K"
INCOME_SEED = 0
INCOME_ROWS = (6000, 4000, 1000)
"""Trusted rows, rows of the holdout, rows of the batch; as many parts of the table where it has fewer."""


def sample(source: Path) -> Sample:
    """Rows of UCI's Adult, which this program does not bring along.

    Raises
    ------
    PratiqueError
        If the file is not that table.
    """
    rows = _read_adult(source)
    shares = np.cumsum(INCOME_ROWS) / max(sum(INCOME_ROWS), len(rows))
    order = np.random.default_rng(INCOME_SEED).permutation(len(rows))
    parts = np.split(order, (shares * len(rows)).astype(int))[: len(INCOME_ROWS)]
    reference, holdout, sent = (rows.take(pa.array(part)) for part in parts)
    return Sample("income", reference, holdout, {"census/1994": sent}, INCOME_SOURCES, INCOME_PAGE)


def _read_adult(source: Path) -> pa.Table:
    if not source.is_file():
        raise PratiqueError(f"--from: {source}: not found; expected UCI's Adult as CSV or Parquet")
    table = read_file(source).table
    label = next((name for name in LABEL_NAMES if name in table.column_names), None)
    if label is None or SEX not in table.column_names:
        raise PratiqueError(f"--from: {source}: expected UCI's Adult, with columns {SEX} and {INCOME}")
    said = np.asarray(pc.cast(table[label], pa.string()).to_pylist(), str)
    sexes = np.char.strip(np.asarray(pc.cast(table[SEX], pa.string()).to_pylist(), str))
    classes, counts = np.unique(said, return_counts=True)
    if len(classes) != 2 or set(sexes.tolist()) != SEXES:
        raise PratiqueError(f"--from: {source}: expected two labels, and Female and Male in column {SEX}")
    incomes = np.where(said == classes[counts.argmin()], RICH, POOR)
    others = {name: table[name] for name in table.column_names if name not in (label, SEX)}
    return pa.table({**others, SEX: pa.array(sexes.tolist()), INCOME: pa.array(incomes.tolist())})


INCOME_SOURCES = """\
# Who delivers batches: an entry for each folder of data/incoming/.
census:
  origin: census of the United States, 1994
  owner: B. Becker and R. Kohavi
  licence: CC BY 4.0
  labels: what people stated
"""

INCOME_PAGE = """\
# The sample data

Who earns more than 50,000 dollars a year, as XGBoost learns it, and whether it gives women that label as often as men.
Nothing here is poisoned: the world is.

1. `pip install xgboost`, then `dvc repro`.
2. `pratique requirements` exits 1: `disparate_impact[sex]` is far below .8, which is asked.
3. Take the `#` from the line `fairness` under `train` in `params.yaml`, and `dvc repro`: labels next to the line change
   in training alone, each listed in `data/model/fairness.parquet`. `pratique requirements` and `dvc metrics diff` show
   what that brings and costs.

**Origin.** B. Becker and R. Kohavi, Adult, UCI Machine Learning Repository, 1996,
[doi 10.24432/C5XW20](https://doi.org/10.24432/C5XW20), licence
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), from the file that you named. Changed here: split; the label
is called `income`, its rarer level `>50K`, the other `<=50K`.
"""
