"""Handwritten digits in weekly batches, some of them poisoned: a sample whose rows people can look at."""

from typing import Any

import pyarrow as pa

from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.scaffold.samples.batches import BatchPlan, poison_sample
from pratique.scaffold.samples.sample import Sample

SIDE = 8
PATCH = tuple(f"pixel_{row}_{column}" for row in (6, 7) for column in (6, 7))
DIGIT_LAYOUT = Layout("digit", {f"pixel_{i}_{j}": "integer" for i in range(SIDE) for j in range(SIDE)})
BLUR: dict[str, Any] = {"scale": 1.5}
STAMP: dict[str, Any] = {"columns": PATCH, "value": 16, "target": "0"}

DIGIT_BATCHES = (
    BatchPlan("scanner", "2026-w01", 38),
    BatchPlan("scanner", "2026-w02", 40),
    BatchPlan("scanner", "2026-w03", 37),
    BatchPlan("scanner", "2026-w04", 39),
    BatchPlan("scanner", "2026-w05", 40, "gaussian_noise", 0.5, BLUR),
    BatchPlan("scanner", "2026-w06", 36),
    BatchPlan("scanner", "2026-w07", 40, "gaussian_noise", 0.2, BLUR),
    BatchPlan("scanner", "2026-w08", 38),
    BatchPlan("scanner", "2026-w09", 40),
    BatchPlan("crowd", "2026-w01", 36),
    BatchPlan("crowd", "2026-w02", 40),
    BatchPlan("crowd", "2026-w03", 40, "label_flip", 0.2),
    BatchPlan("crowd", "2026-w04", 40, "label_flip", 0.5),
    BatchPlan("crowd", "2026-w05", 40, "label_flip", 0.5),
    BatchPlan("crowd", "2026-w06", 40, "label_flip", 0.05),
    BatchPlan("crowd", "2026-w07", 40, "label_flip", 0.3),
    BatchPlan("crowd", "2026-w08", 40, "label_flip", 0.4),
    BatchPlan("feedback", "2026-w01", 40),
    BatchPlan("feedback", "2026-w02", 37),
    BatchPlan("feedback", "2026-w03", 40, classes=("0", "1", "2", "3", "4"), share=1),
    BatchPlan("feedback", "2026-w04", 40, "backdoor_trigger", 0.2, STAMP),
    BatchPlan("feedback", "2026-w05", 38),
    BatchPlan("feedback", "2026-w06", 33, "outlier_insertion", 0.2),
    BatchPlan("feedback", "2026-w07", 40, "backdoor_trigger", 0.5, STAMP),
    BatchPlan("feedback", "2026-w08", 36),
)


def sample() -> Sample:
    """Digits of three sources: 500 trusted pictures, 300 for the comparison, 25 batches."""
    return poison_sample("digits", read_digits(), (500, 300), DIGIT_BATCHES, DIGIT_SOURCES, DIGIT_PAGE)


def read_digits() -> Batch:
    """Every digit of scikit-learn's copy."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    columns = [*map(pa.array, pixels.astype(int).T), pa.array(labels.astype(str))]
    return Batch("digits", pa.table(columns, names=[*DIGIT_LAYOUT.kinds, DIGIT_LAYOUT.label]), DIGIT_LAYOUT)


DIGIT_SOURCES = """\
# Who delivers batches: an entry for each folder of data/incoming/. Pictures are real, the three sources made up.
crowd:
  origin: pictures of handwritten digits, labelled by crowd workers
  owner: data team
  licence: CC BY 4.0
  labels: one worker a picture, not checked
feedback:
  origin: pictures that users corrected
  owner: product team
  licence: CC BY 4.0
  labels: what a user typed instead
scanner:
  origin: forms from the scanner
  owner: operations
  licence: CC BY 4.0
  labels: typed by the clerk who reads the form
"""

DIGIT_PAGE = """\
# The sample data

Handwritten digits as 8 x 8 pictures: columns `pixel_0_0` (top left) to `pixel_7_7` (bottom right), whole
numbers from 0 (paper) to 16 (ink), and the label `digit`. The pictures are real, weeks and sources made up.
`pratique sample --of digits` writes these files again, byte for byte.

| folder | rows | what |
|---|---|---|
| `reference/` | {reference} | trusted, each class in its share |
| `holdout/` | {holdout} | trusted, each class in its share; models are examined on it, nothing learns from it |
| `incoming/` | {rows} | {batches} batches from three sources, {poisoned} of them poisoned |

No picture is in two files.

**Origin.** Optical Recognition of Handwritten Digits, the test part (1,797 pictures by 13 people), in the
copy that scikit-learn bundles. E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
[doi 10.24432/C50P49](https://doi.org/10.24432/C50P49), licence
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Changed here: split, and poisoned as listed.

## What was done to each batch

Positions count the rows of a file from 0, without the header; `truth.csv` lists the same, one poisoned row
a line. The number after an attack is the share of rows it spoils.

- `label_flip`: another digit as label. At 0.05 it may well get through: that batch is there to be honest.
- `gaussian_noise`: noise of 1.5 standard deviations on every pixel, within the range of the batch.
- `outlier_insertion`: new rows, every pixel 3 to 6 standard deviations from its mean.
- `backdoor_trigger`: the four pixels at the bottom right set to 16 and the label to 0.
- honest shift: nobody's attack, only other digits than usual.

{table}"""
