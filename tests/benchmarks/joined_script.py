"""What a team without Pratique writes for the same job, from the tools that are known for its parts.

    PEER_PYTHON tests/benchmarks/joined_script.py TRUSTED.csv BATCH.parquet OUT.parquet LABEL

Expectations from the trusted rows (Great Expectations), drift of every column (evidently), outliers (pyod's ECOD) and
labels that contradict the features (cleanlab, with boosted trees fitted in five parts). It writes a score for each row:
the higher of the ranks that outliers and labels give it. It needs an environment of its own with great-expectations,
evidently, pyod, cleanlab and pandas below 3; `check_time.py` runs it.
"""

import sys

import numpy as np
import pandas as pd


def main(trusted_file: str, batch_file: str, out: str, label: str) -> None:
    """Judge a batch in the four ways, and write a score a row."""
    trusted, batch = pd.read_csv(trusted_file), pd.read_parquet(batch_file)
    numeric = trusted.select_dtypes("number").columns.tolist()
    broken = expect(trusted, batch, numeric)
    moved = measure_drift(trusted, batch)
    odd = score_outliers(trusted, batch, numeric)
    contradicted = score_labels(batch, label)
    ranks = [pd.Series(scores).rank(pct=True).to_numpy() for scores in (odd, contradicted)]
    pd.DataFrame({"score": np.maximum(*ranks)}).to_parquet(out)
    print(f"expectations broken: {broken}, columns that drifted: {moved}")


def expect(trusted: pd.DataFrame, batch: pd.DataFrame, numeric: list[str]) -> int:
    """Ranges and levels of the trusted rows, as a suite."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    definition = (
        context.data_sources.add_pandas("rows").add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    )
    suite = context.suites.add(gx.ExpectationSuite("rows"))
    for name in trusted:
        suite.add_expectation(gx.expectations.ExpectColumnValuesToNotBeNull(column=name))
        if name in numeric:
            low, high = float(trusted[name].min()), float(trusted[name].max())
            suite.add_expectation(
                gx.expectations.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high, mostly=0.99)
            )
        else:
            levels = trusted[name].unique().tolist()
            suite.add_expectation(gx.expectations.ExpectColumnValuesToBeInSet(column=name, value_set=levels))
    found = definition.get_batch({"dataframe": batch}).validate(suite, result_format="BOOLEAN_ONLY")
    return sum(not each.success for each in found.results)


def measure_drift(trusted: pd.DataFrame, batch: pd.DataFrame) -> int:
    """Columns that evidently's preset calls drifted."""
    from evidently import Dataset, Report
    from evidently.presets import DataDriftPreset

    both = (Dataset.from_pandas(frame) for frame in (batch, trusted))
    told = Report([DataDriftPreset()]).run(*both).dict()
    return int(next(m["value"]["count"] for m in told["metrics"] if "DriftedColumnsCount" in str(m["metric_name"])))


def score_outliers(trusted: pd.DataFrame, batch: pd.DataFrame, numeric: list[str]) -> np.ndarray:
    """pyod's ECOD, fitted on the trusted rows."""
    from pyod.models.ecod import ECOD

    return np.asarray(ECOD().fit(trusted[numeric].fillna(0)).decision_function(batch[numeric].fillna(0)))


def score_labels(batch: pd.DataFrame, label: str) -> np.ndarray:
    """One minus cleanlab's label quality, by boosted trees that have not seen the row."""
    from cleanlab.rank import get_label_quality_scores
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import cross_val_predict

    features = batch.drop(columns=label)
    features = features.astype(dict.fromkeys(features.select_dtypes(exclude="number"), "category"))
    codes = np.unique(batch[label], return_inverse=True)[1]
    model = HistGradientBoostingClassifier(categorical_features="from_dtype")
    shares = cross_val_predict(model, features, codes, cv=5, method="predict_proba")
    return np.asarray(1 - get_label_quality_scores(codes, shares))


if __name__ == "__main__":
    main(*sys.argv[1:])
