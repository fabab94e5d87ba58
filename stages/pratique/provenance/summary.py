"""A verification summary: CI's word that the gate cleared a batch, in the shape of SLSA's verification summary (VSA).

It binds the bytes of the batch, the batch's name and the policy that they were judged by, and counts only where it is
signed with the key of the gate that params.yaml lists. The time of the verification is in it where somebody gave it,
because nothing here reads a clock.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.provenance import signing
from pratique.provenance.record import STATEMENT, Record

SUMMARY_PREDICATE = "https://slsa.dev/verification_summary/v1"
VERIFIER = "urn:pratique:gate:v1"
POLICY = "urn:pratique:policy:v1"
PASSED = "PASSED"
SUBMISSION = "urn:pratique:submission:v1"
"""The extension field that says who brought the batch; SLSA asks for a URI as its name."""


@dataclass(frozen=True)
class Summary:
    """What CI vouched for.

    Attributes
    ----------
    batch, sha256 : str
        The name of the batch and the digest of its bytes.
    level : str
        What became of it.
    policy : str
        Digest of what it was judged by.
    commit : str
        The commit that held the policy.
    time : str, optional
        When, as whoever ran the gate said.
    """

    batch: str
    sha256: str
    level: str
    policy: str
    commit: str
    time: str | None


def place_of(batch: str, folder: Path = paths.ATTESTATIONS) -> Path:
    """Where the summary of a batch is."""
    return folder / f"{batch}.json"


def make_summary(
    record: Record, policy: str, commit: str, submission: dict[str, Any], time: datetime | None
) -> dict[str, Any]:
    """The statement about a batch that was cleared."""
    return {
        "_type": STATEMENT,
        "subject": [record.subject.model_dump(mode="json")],
        "predicateType": SUMMARY_PREDICATE,
        "predicate": {
            "verifier": {"id": VERIFIER},
            **({} if time is None else {"timeVerified": time.strftime("%Y-%m-%dT%H:%M:%SZ")}),
            "resourceUri": f"urn:pratique:batch:{record.batch}",
            "policy": {"uri": POLICY, "digest": {"sha256": policy, "gitCommit": commit}},
            "verificationResult": PASSED,
            "verifiedLevels": [f"PRATIQUE_{record.state.upper()}"],
            SUBMISSION: submission,
        },
    }


def read_summary(data: bytes, place: str, key: str | None) -> Summary:
    """What an envelope vouches for; see `require_subject` for whether that is this batch.

    Parameters
    ----------
    data : bytes
    place : str
        Where it stands, for messages.
    key : str, optional
        The public key of the gate.

    Raises
    ------
    PratiqueError
        If there is no key, the envelope is not signed with it, or it holds no verification summary of the gate's.
    """
    if key is None:
        raise PratiqueError(
            f"{place}: {paths.PARAMS} names no key of the gate (`signing.gate`), so nobody vouches by it"
        )
    if not signing.is_signed(data, key, place):
        raise PratiqueError(f"{place}: not signed with the key that {paths.PARAMS} gives for the gate")
    match signing.unseal(data, place):
        case {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"digest": {"sha256": str(sha256)}}],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": {
                "verifier": {"id": "urn:pratique:gate:v1"},
                "resourceUri": str(resource),
                "policy": {
                    "uri": "urn:pratique:policy:v1",
                    "digest": {"sha256": str(policy), "gitCommit": str(commit)},
                },
                "verificationResult": "PASSED",
                "verifiedLevels": [str(level)],
                **rest,
            },
        }:
            batch, time = resource.removeprefix("urn:pratique:batch:"), rest.get("timeVerified")
            return Summary(batch, sha256, level, policy, commit, None if time is None else printable(str(time)))
    raise PratiqueError(
        f"{place}: not a verification summary of the gate's; let the gate write it: `pratique gate --attest`"
    )


def require_subject(summary: Summary, batch: str, sha256: str, place: str) -> None:
    """Refuse a summary of another batch, or of other bytes.

    Raises
    ------
    PratiqueError
        If it is one.
    """
    if summary.batch != batch:
        raise PratiqueError(f"{place}: vouches for {printable(summary.batch)}, not for {batch}")
    if summary.sha256 != sha256:
        raise PratiqueError(f"{place}: vouches for other bytes of {batch} than are here")
