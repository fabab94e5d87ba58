"""What the gate attests: a verification summary of each batch that it cleared, signed with CI's key.

Git facts and signatures can't stand in a record, because the commit does not exist when the pipeline runs. They stand
here, in files that CI keeps and that a team may commit below data/attestations.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from pratique.core.errors import PratiqueError
from pratique.decisions.binding import digest_policy
from pratique.decisions.judging import Submission
from pratique.gate.judge import GateResult
from pratique.provenance import signing
from pratique.provenance.summary import make_summary, place_of


def require_key() -> Path:
    """The private key to attest with.

    Raises
    ------
    PratiqueError
        If none is configured.
    """
    key = signing.private_key()
    if key is None:
        raise PratiqueError(
            f"{signing.KEY_VARIABLE}: names no private key, so nothing can be attested; "
            "make one with `openssl genpkey -algorithm ed25519`, or leave out --attest"
        )
    return key


def attest(result: GateResult, folder: Path, key: Path, time: datetime | None) -> list[Path]:
    """Write a signed summary for each batch that was cleared, none where the change is refused; the files written."""
    written = []
    for gated in result.batches if not result.refused else ():
        if gated.passes and gated.record.outcome == "accepted":
            policy = digest_policy(gated.record)
            submission = _describe(gated.submission)
            written.append(place_of(gated.name, folder))
            signing.save(written[-1], make_summary(gated.record, policy, result.base, submission, time), key)
    return written


def _describe(submission: Submission) -> dict[str, Any]:
    """Who brought a batch, as git says."""
    if not submission.commits:
        return {}
    last = submission.commits[0]
    return {"commit": last.sha, "author": last.author, "committer": last.committer, "date": last.date}
