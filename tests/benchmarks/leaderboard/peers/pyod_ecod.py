"""pyod's ECOD, one for the trusted rows of each class; they are frozen: no row of a batch is fitted."""

import numpy as np

from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "pyod ECOD", "pyod", "pyod", False
USE = "`ECOD()` of the trusted rows of each class; `decision_function` of a row by the class of its label"


class Outliers:
    def __init__(self, trusted, label):
        from pyod.models.ecod import ECOD

        self.points = Points(trusted, label)
        points, codes = self.points(trusted), self.points.codes(trusted)
        self.models = [ECOD().fit(points[codes == code]) for code in range(len(self.points.classes))]

    def judge(self, batch):
        points, codes, scores = self.points(batch), self.points.codes(batch), np.zeros(len(batch))
        for code in np.unique(codes):
            scores[codes == code] = self.models[code].decision_function(points[codes == code])
        return Judgement(scores)


fit = Outliers
