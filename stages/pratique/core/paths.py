"""The contract's places, relative to the root of the repository that the pipeline runs in."""

from pathlib import Path

PIPELINE = Path("dvc.yaml")
LOCK = Path("dvc.lock")
PARAMS = Path("params.yaml")
COLUMNS = Path("expectations/columns.yaml")
SCHEMA = Path("expectations/schema.yaml")
SUITE = Path("expectations/suite.json")
DECLARED = (COLUMNS, SCHEMA, SUITE)
"""What people declare of the columns and of what they may hold."""

INCOMING = Path("data/incoming")
LABELS = Path("data/labels")
REFERENCE = Path("data/reference")
HOLDOUT = Path("data/holdout")
DECISIONS = Path("data/decisions")
SOURCES = Path("data/sources.yaml")
STANDING = Path("data/standing.jsonl")
PROMOTED = Path("data/promoted")
BASELINE = Path("data/baseline")
BASELINE_FILE = BASELINE / "model.skops"

PROFILE = Path("data/profile")
BATCHES = Path("data/batches")
ACCEPTED = Path("data/accepted")
QUARANTINE = Path("data/quarantine")
RECORDS = Path("data/records")
MODEL = Path("data/model")
MODEL_FILE = MODEL / "model.skops"
CACHE = Path("data/.cache")
LEDGER = Path("data/ledger.jsonl")
ATTESTATIONS = Path("data/attestations")

REPORTS = Path("data/reports")
BATCHES_CSV = REPORTS / "batches.csv"
ROWS_PARQUET = REPORTS / "rows.parquet"
METRICS_JSON = REPORTS / "metrics.json"
CONFUSION = REPORTS / "confusion"
TRIGGERS = REPORTS / "triggers.json"
AUDIT_JSON = REPORTS / "audit.json"
AUDIT_PAGE = REPORTS / "audit.html"
INDEX = REPORTS / "index.html"
REFERENCE_PAGE = REPORTS / "reference.html"
PAGES = REPORTS / "batches"
GATE = REPORTS / "gate"
DRILL = REPORTS / "drill"
DRILL_CELLS = DRILL / "cells.csv"
DRILL_SUMMARY = DRILL / "summary.csv"
DRILL_RANKING = DRILL / "ranking.csv"
DRILL_RECALL = DRILL / "recall"
DRILL_DAMAGE = DRILL / "damage"
DRILL_ARTIFACTS = DRILL / "artifacts"
DRILL_METRICS = DRILL / "metrics.json"
