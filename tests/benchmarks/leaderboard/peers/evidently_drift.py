"""evidently's drift tests of every column, the label among them, against the trusted rows.

They are called column by column, as its preset does: the preset draws a page for every batch, which takes seconds.
"""

import numpy as np

from leaderboard.protocol import Judgement

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "evidently drift", "evidently", "evidently", False
USE = "`ks` and `chisquare` of every column; their mean and smallest p-value, and the columns that drifted"
LEAST_P = 1e-12


class Drift:
    def __init__(self, trusted, label):
        from evidently.legacy.calculations.stattests import chi_stat_test, ks_stat_test
        from evidently.legacy.core import ColumnType

        numbers = set(trusted.select_dtypes("number"))
        self.trusted = trusted
        self.tests = {
            name: (ks_stat_test, ColumnType.Numerical) if name in numbers else (chi_stat_test, ColumnType.Categorical)
            for name in trusted
        }

    def judge(self, batch):
        told = [test(self.trusted[name], batch[name], kind, None) for name, (test, kind) in self.tests.items()]
        p_values = np.nan_to_num([each.drift_score for each in told], nan=1.0)
        unlikely = -np.log10(np.maximum(p_values, LEAST_P))
        return Judgement(statistics=(sum(each.drifted for each in told), unlikely.mean(), unlikely.max()))


fit = Drift
