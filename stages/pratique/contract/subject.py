"""What an alarm is about, and what to do about each such thing: what people read whichever check raised it."""

from collections.abc import Mapping
from typing import Literal

Subject = Literal["labels", "features", "distribution", "repetition", "leak", "rules"]
"""Labels that don't fit, rows unlike trusted ones, moved distributions, rows that repeat one another, rows of the
holdout, declared rules."""

ODDNESS: Mapping[Subject, str] = {
    "labels": "have so unlikely a label",
    "features": "are so unlike the others",
    "repetition": "share so much with other rows",
    "leak": "are so close to a row of the holdout",
}
"""What few trusted rows do, where a row is suspect; of other subjects they look odd."""

ADVICE: Mapping[Subject, str] = {
    "labels": (
        "Trusted rows that look alike carry other labels: labels are wrong, by mistake or on purpose. Look at the "
        "first suspects; if you agree with their neighbours, reject the batch and have it labelled again."
    ),
    "features": (
        "The rows themselves are unlike trusted rows: noise, a broken sensor, inserted rows, or a case that the "
        "reference lacks. Look at the first suspects; release only what you would have trusted without this page."
    ),
    "distribution": (
        "Only the distribution has moved; rows and labels fit the trusted ones. That is what honest change looks "
        "like. If the source confirms the change below, release the batch; if nobody can explain it, reject."
    ),
    "repetition": (
        "Rows repeat one another as trusted rows do not: a few examples are made to count many times, or a trigger "
        "was written into them. Reject the batch, unless the source can explain what they share."
    ),
    "leak": (
        "Rows on which models are examined came in as rows to learn from: what accuracy a release seems to gain "
        "below is learned by heart. Ask the source where it has them from; reject the batch, or release its other "
        "rows alone (--rows)."
    ),
    "rules": "Declared rules are broken. Have the source correct the file, or correct the rule if it is out of date.",
}
