"""cleanlab's label quality, by an ensemble of models of the trusted rows, so that no probability is in-sample."""

from leaderboard.protocol import Judgement, Points

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "cleanlab label quality", "cleanlab", "cleanlab", False
USE = "`get_label_quality_ensemble_scores` of a forest, boosted trees and a logistic regression of the trusted rows"


class Labels:
    def __init__(self, trusted, label):
        from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
        from sklearn.linear_model import LogisticRegression

        self.points = Points(trusted, label)
        self.models = (
            RandomForestClassifier(200, min_samples_leaf=2, random_state=0),
            HistGradientBoostingClassifier(max_iter=50, random_state=0),
            LogisticRegression(max_iter=1000),
        )
        for model in self.models:
            model.fit(self.points(trusted), self.points.codes(trusted))

    def judge(self, batch):
        from cleanlab.rank import get_label_quality_ensemble_scores, get_label_quality_scores

        shares = [model.predict_proba(self.points(batch)) for model in self.models]
        codes = self.points.codes(batch)
        if (codes == codes[0]).all():  # the ensemble's function wants two classes
            quality = sum(get_label_quality_scores(codes, share) for share in shares) / len(shares)
        else:
            quality = get_label_quality_ensemble_scores(codes, shares, verbose=False)
        return Judgement(1 - quality)


fit = Labels
