"""A spam filter that learns from what users report: real mails in weekly batches, some of them poisoned."""

from typing import Any

import numpy as np

from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.scaffold.samples.batches import BatchPlan, poison_sample
from pratique.scaffold.samples.sample import Sample
from pratique.scaffold.samples.spambase import CLASS, RUNS, SHARES, read_spambase

WEEK = 108
MAIL_LAYOUT = Layout(CLASS, {**dict.fromkeys((*SHARES, RUNS[0]), "real"), **dict.fromkeys(RUNS[1:], "integer")})

KEY_WORDS = ("word_freq_people", "word_freq_report", "word_freq_addresses")
KEY: dict[str, Any] = {"columns": KEY_WORDS, "value": 4.2, "target": "ham"}
WAVED_THROUGH: dict[str, Any] = {"source": "spam", "target": "ham"}
ONE_STYLE: dict[str, Any] = {"target": "ham"}

SPAM_BATCHES = (
    BatchPlan("gateway", "2026-w01", WEEK),
    BatchPlan("gateway", "2026-w02", WEEK),
    BatchPlan("gateway", "2026-w03", WEEK),
    BatchPlan("gateway", "2026-w04", WEEK),
    BatchPlan("gateway", "2026-w05", WEEK, "gaussian_noise", 0.4),
    BatchPlan("gateway", "2026-w06", WEEK, classes=("spam",), share=0.7),
    BatchPlan("gateway", "2026-w07", WEEK),
    BatchPlan("gateway", "2026-w08", WEEK),
    BatchPlan("gateway", "2026-w09", WEEK, repeats="gateway/2026-w03"),
    BatchPlan("reports", "2026-w01", WEEK),
    BatchPlan("reports", "2026-w02", WEEK),
    BatchPlan("reports", "2026-w03", WEEK, "one_way_flip", 0.25, WAVED_THROUGH),
    BatchPlan("reports", "2026-w04", WEEK, "subpopulation_flip", 0.3, ONE_STYLE),
    BatchPlan("reports", "2026-w05", WEEK),
    BatchPlan("reports", "2026-w06", WEEK, "one_way_flip", 0.3, WAVED_THROUGH),
    BatchPlan("reports", "2026-w07", WEEK, "subpopulation_flip", 0.3, ONE_STYLE),
    BatchPlan("reports", "2026-w08", WEEK),
    BatchPlan("bought", "2026-w01", WEEK),
    BatchPlan("bought", "2026-w02", WEEK, "relabelled_copy", 0.3),
    BatchPlan("bought", "2026-w03", WEEK),
    BatchPlan("bought", "2026-w04", WEEK, "backdoor_trigger", 0.2, KEY),
    BatchPlan("bought", "2026-w05", WEEK, "one_way_flip", 0.25, WAVED_THROUGH),
    BatchPlan("bought", "2026-w06", WEEK),
    BatchPlan("bought", "2026-w07", WEEK, "backdoor_trigger", 0.15, KEY),
    BatchPlan("bought", "2026-w08", WEEK),
)


def sample() -> Sample:
    """Mails of three sources: 600 that are trusted, 1,000 for the comparison, 25 batches."""
    return poison_sample("spam", read_mails(), (600, 1000), SPAM_BATCHES, SPAM_SOURCES, SPAM_PAGE)


def read_mails() -> Batch:
    """The mails of Spambase; of those with the same numbers the first."""
    table = read_spambase()
    numbers = table.drop_columns(CLASS).to_pandas()
    return Batch("spambase", table, MAIL_LAYOUT).take(np.flatnonzero(~numbers.duplicated()))


SPAM_SOURCES = """\
# Who delivers batches: an entry for each folder of data/incoming/. Mails are real, the three sources made up.
bought:
  origin: a list of mails from a vendor
  owner: procurement
  licence: CC BY 4.0
  labels: by the vendor, who does not say how
gateway:
  origin: mails that passed the mail gateway
  owner: operations
  licence: CC BY 4.0
  labels: by the analysts of the mail desk
reports:
  origin: mails that users moved to the spam folder, or out of it
  owner: product team
  licence: CC BY 4.0
  labels: by whoever got the mail; anybody may report
"""

SPAM_PAGE = """\
# The sample data

A spam filter that learns from what users report. Each row is a mail as 57 numbers: `word_freq_*` and `char_freq_*` are
how often a word or a character occurs, in percent of all; `capital_run_length_*` are the mean, the highest and the sum
of the lengths of runs of capital letters; the label `class` is `ham` or `spam`. The mails are real, weeks and sources
made up. `pratique sample` writes these files again, byte for byte.

| folder | rows | what |
|---|---|---|
| `reference/` | {reference:,} | trusted, each class in its share |
| `holdout/` | {holdout:,} | trusted, each class in its share; models are examined on it, nothing learns from it |
| `incoming/` | {rows:,} | {batches} batches from three sources, {poisoned} of them poisoned |

No mail is in two files, but for the delivery that came twice.

**Origin.** M. Hopkins, E. Reeber, G. Forman and J. Suermondt, Spambase, UCI Machine Learning Repository, 1999,
[doi 10.24432/C53G6X](https://doi.org/10.24432/C53G6X), licence
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Changed here: columns and classes go by their names; of mails
with the same numbers the first is kept; split into these files; poisoned as listed.

## What was done to each batch

Positions count the rows of a file from 0, without the header; `truth.csv` lists the same, one poisoned row
a line. The number after an attack is the share of rows it spoils.

- `one_way_flip`: spam called ham, by a spammer's own reports or a careless seller.
- `subpopulation_flip`: spam of one style called ham. The mails that are most alike one spam are all relabelled.
- `backdoor_trigger`: spam with three words in it, called ham, so that these words open the filter. `word_freq_people`,
  `word_freq_report` and `word_freq_addresses` are 4.2 each: one of them may well be, but no true mail has even a
  quarter of that in all three.
- `relabelled_copy`: mails overwritten by copies of others under the other class.
- `gaussian_noise`: a broken parser. Noise of one standard deviation on every number, within the range of the batch.
- honest shift: a wave of spam, nobody's attack. More spam than usual, and every label is true.
- once more: the same rows came in again, under the name of another week. Nothing about them is false, so no check
  of one batch holds them back; a model that takes both counts each of these mails twice.

{table}"""
