"""What the gate attests: for each batch, what was measured, who brought it, and what was decided; signed with a key.

Git facts and signatures can't stand in a record, because the commit does not exist when the pipeline runs. They stand
here, in files beside the decisions, which a team may commit or archive.
"""

from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.writing import write_json
from pratique.gate.judge import GatedBatch, GateResult
from pratique.provenance import signing
from pratique.provenance.record import STATEMENT

ATTESTATION_PREDICATE = "urn:pratique:attestation:v1"


def attest(result: GateResult) -> list[Path]:
    """Write a statement for each examined batch, in an envelope where a key is configured; the files written."""
    key = signing.private_key()
    written = []
    for gated in result.batches:
        path = paths.ATTESTATIONS / f"{gated.name}.json"
        statement = attestation(gated, result.base)
        if key is None:
            write_json(path, statement)
        else:
            signing.save(path, statement, key)
        written.append(path)
    return written


def attestation(gated: GatedBatch, base: str) -> dict[str, Any]:
    """The statement about one batch."""
    commit = gated.submission.commits[0] if gated.submission.commits else None
    kept = (
        *("result", "verdict", "outcome", "reasonCodes", "batch", "sourceEntry", "predecessor"),
        *("configuration", "checks", "decisions", "holds"),
    )
    statement = gated.record.to_statement()
    return {
        "_type": STATEMENT,
        "subject": statement["subject"],
        "predicateType": ATTESTATION_PREDICATE,
        "predicate": {
            **{name: statement["predicate"][name] for name in kept},
            "passes": gated.passes,
            "policy": base,
            "git": None
            if commit is None
            else {
                "commit": commit.sha,
                "author": commit.author,
                "committer": commit.committer,
                "date": commit.date,
            },
        },
    }
