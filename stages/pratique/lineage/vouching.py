"""Who vouched for a batch: the verification summary that CI's gate signed, where the team keeps it."""

from collections.abc import Iterator

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.decisions.binding import digest_policy
from pratique.lineage.claim import Claim, not_verified
from pratique.provenance.record import Record
from pratique.provenance.summary import Summary, place_of, read_summary, require_subject

NOBODY = "nobody vouches for it"


def claim_attestations(records: dict[str, Record], params: Params, required: bool) -> list[Claim]:
    """A claim for each accepted batch: who vouched for it; one for all where nobody did for any, and nobody need."""
    strays = Claim.of("attestations", "", lambda: _find_strays(records, params))
    claims = [strays] if strays.faults else []
    accepted = [record for record in records.values() if record.outcome == "accepted"]
    if not required and not any(place_of(record.batch).is_file() for record in accepted):
        return [*claims, not_verified("attestations", "nobody vouches for a batch")]
    return claims + [_claim(record, params, required) for record in accepted]


def tell_voucher(record: Record, params: Params) -> str:
    """Who vouched for a batch, in words; why nobody did, where nobody did."""
    if not place_of(record.batch).is_file():
        return NOBODY
    try:
        return _tell(_read(record, params), record)
    except PratiqueError as error:
        return f"{NOBODY}: {error}"


def _claim(record: Record, params: Params, required: bool) -> Claim:
    name, place = f"attestation of {record.batch}", place_of(record.batch)
    if not place.is_file():
        missing = f"{place}: missing, so {NOBODY}; let CI's gate attest it: `pratique gate --attest`"
        return Claim(name, "", (missing,)) if required else not_verified(name, NOBODY)
    try:
        return Claim(name, _tell(_read(record, params), record))
    except PratiqueError as error:
        return Claim(name, "", (str(error),))


def _find_strays(records: dict[str, Record], params: Params) -> Iterator[str]:
    """Files that vouch for no accepted batch: those of held batches must be CI's all the same."""
    for place in sorted(path for path in paths.ATTESTATIONS.rglob("*") if path.is_file()):
        batch = place.relative_to(paths.ATTESTATIONS).with_suffix("").as_posix()
        if (paths.PROMOTED / f"{batch}.json").is_file():
            continue  # its rows are trusted now, and what CI vouched for is history
        if batch not in records or place_of(batch) != place:
            yield f"{place}: about no batch that is here; take it away"
        elif records[batch].outcome != "accepted":
            _read(records[batch], params)


def _read(record: Record, params: Params) -> Summary:
    place = place_of(record.batch)
    summary = read_summary(place.read_bytes(), str(place), params.signing.gate)
    require_subject(summary, record.batch, record.sha256, str(place))
    return summary


def _tell(summary: Summary, record: Record) -> str:
    same = summary.policy == digest_policy(record)
    policy = "the policy that is here" if same else "another policy than is here"
    time = f" at {summary.time}" if summary.time else ""
    return f"signed by the gate{time}, by {policy}, that of commit {summary.commit[:12]}"
