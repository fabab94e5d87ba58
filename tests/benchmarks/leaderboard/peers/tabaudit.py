"""tabaudit's model of label noise: its own regularised boosted trees, fitted on the trusted rows.

Its audit of a table fits them five times in five folds, with no trusted rows; that on every batch would take minutes a
batch, and would learn from the poison.
"""

import numpy as np

from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "tabaudit label noise", "tabaudit", "tabaudit", False
USE = "`label_noise.make_model` of the trusted rows; a row scores one minus its self-confidence"


class Audit:
    def __init__(self, trusted, label):
        from tabaudit.checks.label_noise import SUSPECTED_MAX_SELF_CONFIDENCE, make_model

        self.points, self.suspected = Points(trusted, label), SUSPECTED_MAX_SELF_CONFIDENCE
        self.model = make_model(0).fit(self.points(trusted), self.points.codes(trusted))

    def judge(self, batch):
        shares = self.model.predict_proba(self.points(batch))
        confidence = shares[np.arange(len(batch)), self.points.codes(batch)]
        return Judgement(1 - confidence, (np.mean(confidence < self.suspected), np.mean(1 - confidence)))


fit = Audit
