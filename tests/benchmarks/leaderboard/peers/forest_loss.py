"""The loss of a random forest of the trusted rows: the plainest thing that a team would write."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "Forest loss", "scikit-learn", None, False
USE = "a forest of the trusted rows; a row scores −log of the probability of its label"
LEAST = 0.005


class Forest:
    def __init__(self, trusted, label):
        self.points = Points(trusted, label)
        self.model = RandomForestClassifier(200, min_samples_leaf=2, random_state=0)
        self.model.fit(self.points(trusted), self.points.codes(trusted))

    def judge(self, batch):
        shares = self.model.predict_proba(self.points(batch))
        return Judgement(-np.log(np.maximum(shares[np.arange(len(batch)), self.points.codes(batch)], LEAST)))


fit = Forest
