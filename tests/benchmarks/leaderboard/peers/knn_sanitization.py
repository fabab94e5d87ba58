"""Label sanitization by nearest neighbours (Paudice, Muñoz-González and Lupu 2018), among trusted rows.

The paper relabels a row where most of its neighbours within the poisoned set disagree. Among trusted rows the same vote
can't be bought by the attacker; a row scores by the share of its neighbours with another label.
"""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "kNN sanitization", "scikit-learn", None, False
USE = "Paudice et al. 2018, neighbours taken from the trusted rows; the share of ten with another label"
NEIGHBOURS = 10


class Vote:
    def __init__(self, trusted, label):
        self.points = Points(trusted, label)
        self.codes = self.points.codes(trusted)
        self.near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(self.points(trusted))

    def judge(self, batch):
        near = self.near.kneighbors(self.points(batch), return_distance=False)
        return Judgement(np.mean(self.codes[near] != self.points.codes(batch)[:, None], axis=1))


fit = Vote
