"""cleanlab's Datalab on the batch among the trusted rows, with probabilities of a model of the trusted rows."""

import contextlib
import io

import numpy as np

from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "cleanlab Datalab", "cleanlab", "cleanlab", False
USE = "`Datalab.find_issues` with features and out-of-sample probabilities; issues of labels, outliers, near duplicates"
KINDS = ("label", "outlier", "near_duplicate")


class Lab:
    def __init__(self, trusted, label):
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.model_selection import cross_val_predict

        self.points = Points(trusted, label)
        self.known, self.codes = self.points(trusted), self.points.codes(trusted)
        self.model = RandomForestClassifier(100, min_samples_leaf=2, random_state=0)
        self.shares = cross_val_predict(self.model, self.known, self.codes, cv=5, method="predict_proba")
        self.model.fit(self.known, self.codes)

    def judge(self, batch):
        from cleanlab import Datalab

        points, codes = self.points(batch), self.points.codes(batch)
        shares = np.vstack([self.shares, self.model.predict_proba(points)])
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            lab = Datalab({"y": np.r_[self.codes, codes]}, label_name="y", verbosity=0)
            lab.find_issues(
                features=np.vstack([self.known, points]), pred_probs=shares, issue_types={kind: {} for kind in KINDS}
            )
        found = lab.get_issues().iloc[len(self.codes) :]
        scores = np.array([1 - found[f"{kind}_score"] for kind in KINDS])
        issues = [found[f"is_{kind}_issue"].mean() for kind in KINDS]
        return Judgement(scores[:2].max(axis=0), (*issues, *scores.mean(axis=1)))


fit = Lab
