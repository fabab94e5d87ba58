"""Pratique, by its Python API, with nothing set but the budget."""

import numpy as np

from leaderboard.protocol import FALSE_ALARMS, Judgement

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "Pratique", "pratique", None, True
USE = "`pratique.calibrate(trusted)`, then `check`; its own verdict, p-value and row scores"
LEAST_P = 1e-300


class Gate:
    def __init__(self, trusted, label):
        import pratique

        self.detector = pratique.calibrate(trusted, label=label, per_1000_batches=1000 * FALSE_ALARMS)

    def judge(self, batch):
        result = self.detector.check(batch)
        suspicion = -np.log10(max(result.p_value, LEAST_P))
        return Judgement(result.rows["score"].to_numpy(), (suspicion,), result.verdict == "quarantine")


fit = Gate
