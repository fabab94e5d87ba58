"""What a model is worth that learns after a tool has judged: its accuracy, and how often a trigger works.

Half of what comes in are batches poisoned by one attack at the highest rate, half are clean. The model learns from the
trusted rows and from every batch that did not alarm. The bounds are a model without any tool, one of the trusted rows
alone, and one behind a tool that errs never.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier

from leaderboard.attacks import ATTACKS, plant
from leaderboard.data import LABEL, Cut
from leaderboard.exam import CLEAN, Exam
from leaderboard.protocol import Points
from leaderboard.world import World

TRIGGERED = "backdoor"


def measure(cut: Cut, exam: Exam, alarms: dict[str, bool]) -> Iterator[dict[str, object]]:
    """For each attack the accuracy on the holdout; where a trigger was planted, how often it works, too."""
    points, known = Points(cut.trusted, LABEL), {}
    triggered = trigger(cut, exam.world)
    for attack in ATTACKS:
        lines = exam.truth[exam.truth["attack"] == attack]
        lines = lines[lines["rate"] == lines["rate"].max()]
        came = [*lines["batch"], *exam.truth.loc[exam.truth["attack"] == CLEAN, "batch"][: len(lines)]]
        taken = tuple(sorted(name for name in came if not alarms[name]))
        if taken not in known:
            known[taken] = learn(points, [cut.trusted, *(exam.batches[name] for name in taken)])
        predict = known[taken]
        found: dict[str, object] = {
            "attack": attack,
            "accuracy": float(np.mean(predict(cut.holdout) == cut.holdout[LABEL])),
        }
        if attack == TRIGGERED:
            found["success"] = float(np.mean(predict(triggered) == exam.world.target))
        yield found


def trigger(cut: Cut, world: World) -> pd.DataFrame:
    """Rows of the holdout that are not of the target class, with the trigger in them."""
    rows = cut.holdout[cut.holdout[LABEL] != world.target].reset_index(drop=True)
    plant(world, rows, np.arange(len(rows)))
    return rows


def learn(points: Points, parts: list[pd.DataFrame]) -> Callable[[pd.DataFrame], np.ndarray]:
    """A model of all rows."""
    rows = pd.concat(parts)
    model = ExtraTreesClassifier(100, random_state=0).fit(points(rows), rows[LABEL])
    return lambda frame: model.predict(points(frame))
