"""Great Expectations with a suite profiled from the trusted rows: ranges, levels, means, deviations and quantiles."""

import numpy as np

from leaderboard.protocol import Judgement

TITLE, PACKAGE, ENVIRONMENT, DECIDES = "Great Expectations suite", "great-expectations", "great_expectations", False
USE = "a suite profiled from the trusted rows; expectations that fail, and cells that none expects"
WITHIN = 0.01


class Suite:
    def __init__(self, trusted, label):
        import great_expectations as gx

        expect, self.context = gx.expectations, gx.get_context(mode="ephemeral")
        self.context.variables.progress_bars = {"globally": False}
        asset = self.context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
        self.definition = asset.add_batch_definition_whole_dataframe("all")
        self.suite = self.context.suites.add(gx.ExpectationSuite("rows"))
        for name in trusted:
            if name in trusted.select_dtypes("number"):
                low, high = trusted[name].quantile([WITHIN, 1 - WITHIN])
                error = 3 * trusted[name].std() / np.sqrt(100)
                mean = trusted[name].mean()
                rules = [
                    expect.ExpectColumnValuesToBeBetween(column=name, min_value=float(low), max_value=float(high)),
                    expect.ExpectColumnMeanToBeBetween(
                        column=name, min_value=float(mean - error), max_value=float(mean + error)
                    ),
                ]
            else:
                shares = trusted[name].value_counts(normalize=True)
                levels = shares[shares > WITHIN].index.tolist()
                rules = [expect.ExpectColumnValuesToBeInSet(column=name, value_set=levels)]
            for rule in rules:
                self.suite.add_expectation(rule)

    def judge(self, batch):
        given = self.definition.get_batch({"dataframe": batch})
        results = given.validate(self.suite, result_format="COMPLETE").results
        rows = np.zeros(len(batch))
        for each in results:
            np.add.at(rows, each.result.get("unexpected_index_list") or [], 1)
        return Judgement(rows, (sum(not each.success for each in results), rows.mean()))


fit = Suite
