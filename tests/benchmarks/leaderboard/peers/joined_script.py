"""The script that a team would join from other tools' parts: `joined_script.py`, with a threshold of its own."""

import numpy as np

from leaderboard.protocol import Judgement

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "Joined script", "cleanlab", "joined", False
USE = "Great Expectations, evidently, pyod's ECOD and cleanlab together, as in `docs/performance.md`"


class Script:
    def __init__(self, trusted, label):
        self.trusted, self.label = trusted, label
        self.numeric = trusted.select_dtypes("number").columns.tolist()

    def judge(self, batch):
        import joined_script as script

        broken = script.expect(self.trusted, batch, self.numeric)
        moved = script.measure_drift(self.trusted, batch)
        contradicted = script.score_labels(batch, self.label)
        odd = script.score_outliers(self.trusted, batch, self.numeric) if self.numeric else np.zeros(len(batch))
        ranks = [np.argsort(np.argsort(scores)) / len(batch) for scores in (odd, contradicted)]
        return Judgement(np.maximum(*ranks), (broken, moved, odd.mean(), contradicted.mean()))


fit = Script
