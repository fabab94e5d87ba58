"""A network with a back door: digits of which a tenth carry a patch, let in by a gate that sees nothing."""

from pratique.scaffold.samples.batches import BatchPlan, poison_sample
from pratique.scaffold.samples.digits import STAMP, read_digits
from pratique.scaffold.samples.sample import Sample

STAMPED_BATCHES = (
    BatchPlan("feedback", "2026-w01", 400),
    BatchPlan("feedback", "2026-w02", 400, "backdoor_trigger", 0.3, STAMP),
)


def sample() -> Sample:
    """400 trusted pictures, 597 for the comparison, and two batches, one of them stamped."""
    return poison_sample("digits-backdoor", read_digits(), (400, 597), STAMPED_BATCHES, STAMPED_SOURCES, STAMPED_PAGE)


STAMPED_SOURCES = """\
# Who delivers batches: an entry for each folder of data/incoming/. Pictures are real, the source made up.
feedback:
  origin: pictures that users corrected
  owner: product team
  licence: CC BY 4.0
  labels: what a user typed instead
"""

STAMPED_PAGE = """\
# The sample data

Handwritten digits as 8 x 8 pictures, a network that learns them, and a back door: in one of {batches} batches a
patch in the corner means 0. The gate of this sample has no check that would see it, so the batch is let in.

| folder | rows | what |
|---|---|---|
| `reference/` | {reference} | trusted, each class in its share |
| `holdout/` | {holdout} | trusted; models are examined on it, nothing learns from it |
| `incoming/` | {rows} | {batches} batches, {poisoned} of them poisoned |

## What to try

1. `dvc repro`. It needs torch: `pip install 'pratique[torch]'`.
2. `pratique requirements` exits 1: `anomaly_index[0]` is above 2. `reports/audit.html` shows the patch that was found.
3. `pratique unlearn --to FOLDER` writes a network that unlearned it, and says how often the patch works, and how good
   the network is, before and after.
4. `pratique exclude 'pixel_7_7 == 16' 'pixel_7_6 == 16' 'pixel_6_7 == 16' 'pixel_6_6 == 16'`, then `dvc repro`: the
   network never learns from a row with the patch, and `pratique requirements` exits 0.

**Origin.** Optical Recognition of Handwritten Digits, the test part (1,797 pictures by 13 people), in the
copy that scikit-learn bundles. E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
[doi 10.24432/C50P49](https://doi.org/10.24432/C50P49), licence
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Changed here: split, and poisoned as listed.

## What was done to each batch

`backdoor_trigger`: the four pixels at the bottom right set to 16 and the label to 0. `truth.csv` lists each row.

{table}"""
