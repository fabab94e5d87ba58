"""Stage audit: what the trained model itself shows, on trusted rows that it did not learn from."""

from functools import cache
from zlib import crc32

import numpy as np

from pratique.contract.audit import Audited, AuditFinding, Peer, run_audit
from pratique.contract.audit_discovery import configured_audits
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.params import Params, load
from pratique.core.progress import show_progress
from pratique.core.writing import write_json, write_text
from pratique.pages.audit_page import audit_page
from pratique.results.exclusions import measure_regions
from pratique.results.measures import Measures, flatten_estimates
from pratique.results.promotion import locate_promoted
from pratique.results.requirements import judge_run
from pratique.tables.reading import read_table
from pratique.tables.trusted import read_reference
from pratique.training.models import Model, train
from pratique.training.rows import list_accepted_files, read_everything, read_holdout, read_training


def main() -> None:
    """Write data/reports/audit.json, its figures, and data/reports/audit.html, for people."""
    params = load()
    audits = configured_audits(params.audits)
    audited = read_audited(params)
    findings = {
        name: run_audit(audits[name], audited, draw_for(name, params.seed))
        for name in show_progress(list(audits), "auditing")
    }
    write_json(paths.AUDIT_JSON, _to_measures(findings))
    excluded = measure_regions(audited, params.train.exclude)
    kinds = {name: type(audit) for name, audit in audits.items()}
    write_text(paths.AUDIT_PAGE, audit_page(judge_run(params), findings, kinds, excluded))


def draw_for(name: str, seed: int) -> np.random.Generator:
    """What an audit draws from, whatever other audits run."""
    return np.random.default_rng([seed, crc32(name.encode())])


def read_audited(params: Params) -> Audited:
    """The model that was trained, and the rows that it is measured by.

    Raises
    ------
    PratiqueError
        If there is no model, or it can't be read.
    """
    reference = read_reference(params.data)
    baseline = paths.BASELINE_FILE

    def train_on(rows: Batch) -> Model:
        return train(rows, params.train, params.seed, trusted=reference)

    @cache
    def train_peer(name: Peer) -> Model:
        return train_on(reference if name == "reference" else read_everything(reference))

    return Audited(
        model=Model.load(paths.MODEL_FILE, params.train.trusts),
        reference=reference,
        holdout=read_holdout(reference.layout),
        accepted=tuple(_read_accepted(reference)),
        learned=read_training(reference, params),
        train=train_on,
        train_peer=train_peer,
        baseline=Model.load(baseline, params.train.trusts) if baseline.is_file() else None,
        requirements=params.requirements,
        promoted=tuple(locate_promoted(params.data)),
    )


def _read_accepted(reference: Batch) -> list[Batch]:
    names = {path.relative_to(paths.ACCEPTED).with_suffix("").as_posix(): path for path in list_accepted_files()}
    return [Batch(name, read_table(path), reference.layout) for name, path in names.items()]


def _to_measures(findings: dict[str, AuditFinding]) -> Measures:
    """A section for each audit that measured something, and one for each other model that it measured."""
    sections = {name: found.figures for name, found in findings.items()}
    for name, found in findings.items():
        sections |= {f"{name}_{model}": figures for model, figures in found.others.items()}
    return {name: flatten_estimates(figures) for name, figures in sections.items() if figures}
