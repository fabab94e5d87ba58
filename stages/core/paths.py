"""The contract's places, relative to the root of the repository that the pipeline runs in."""

from pathlib import Path

PARAMS = Path("params.yaml")
SCHEMA = Path("expectations/schema.yaml")
SUITE = Path("expectations/suite.json")

INCOMING = Path("data/incoming")
REFERENCE = Path("data/reference")
HOLDOUT = Path("data/holdout")

PROFILE = Path("data/profile")
BATCHES = Path("data/batches")
ACCEPTED = Path("data/accepted")
QUARANTINE = Path("data/quarantine")
RECORDS = Path("data/records")
MODEL = Path("data/model")
CACHE = Path("data/.cache")

REPORTS = Path("data/reports")
BATCHES_CSV = REPORTS / "batches.csv"
ROWS_PARQUET = REPORTS / "rows.parquet"
METRICS_JSON = REPORTS / "metrics.json"
CONFUSION = REPORTS / "confusion"
DRILL = REPORTS / "drill"
DRILL_CELLS = DRILL / "cells.csv"
DRILL_SUMMARY = DRILL / "summary.csv"
DRILL_RANKING = DRILL / "ranking.csv"
DRILL_RECALL = DRILL / "recall"
DRILL_DAMAGE = DRILL / "damage"
DRILL_ARTIFACTS = DRILL / "artifacts"
DRILL_METRICS = DRILL / "metrics.json"
