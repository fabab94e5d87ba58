"""Which fold measures which rows of a batch: each all of them, or of many a part each."""

from dataclasses import replace

import numpy as np

from pratique.contract.finding import Finding
from pratique.core.batch import Batch
from pratique.detector.calibrated import ROTATION_ROWS


def assign_rows(batch: Batch, folds: int) -> list[np.ndarray]:
    """Positions of the rows that each fold measures: all of them, or a part of many, by a hash of what they hold."""
    rows = len(batch)
    if rows < ROTATION_ROWS:
        return [np.arange(rows)] * folds
    fold = batch.content % folds
    parts = [np.flatnonzero(fold == k) for k in range(folds)]
    return parts if all(map(len, parts)) else [np.arange(rows)] * folds


def average_over_folds(values: list[np.ndarray], readers: list[np.ndarray], rows: int) -> np.ndarray:
    """One value a row: the mean over the folds that measured it."""
    total, count = np.zeros((rows, *values[0].shape[1:])), np.zeros(rows)
    for fold, reader in zip(values, readers, strict=True):
        total[reader] += fold
        count[reader] += 1
    return np.asarray((total.T / count).T)


def merge_findings(findings: list[Finding], readers: list[np.ndarray], rows: int) -> Finding:
    """One finding from those of the folds: averaged numbers, the first one's words about the rows that it read."""
    faulty = next((f for f in findings if f.fault is not None), None)
    if faulty is not None:
        return faulty
    sizes = np.array([len(r) for r in readers])
    scores = [f.row_scores for f in findings if f.row_scores is not None]
    return replace(
        findings[0],
        statistic=float(np.average([f.statistic for f in findings], weights=sizes if rows else None)),
        row_scores=average_over_folds(scores, readers, rows) if scores and rows else None,
        signals={},
        flagged=None,
        evidence=findings[0].evidence.relocate(readers[0]),
    )
