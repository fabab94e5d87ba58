"""What `pratique verify` says of records, decisions and the model, beside what it computes once more."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import Params
from pratique.core.version import __version__
from pratique.decisions.binding import Binding
from pratique.decisions.decision import DecisionFile, load_decisions
from pratique.decisions.judging import OWN, Judge, Submission
from pratique.gate.changes import pointers
from pratique.lineage.claim import Claim, not_verified
from pratique.provenance.parts import Tool
from pratique.provenance.record import Record
from pratique.provenance.written import list_record_places, read_written_record
from pratique.quarantine.recording import Configuration
from pratique.tables.trusted import digest_trusted, read_reference
from pratique.training.manifest import (
    MANIFEST,
    Manifest,
    find_doubt,
    list_cleared_files,
    make_manifest,
    read_manifest,
)
from pratique.training.rows import read_training

Records = dict[str, Record]


def read_all() -> tuple[Records, Claim]:
    """The records that their schema accepts, by batch, and what is wrong with the others."""
    records: Records = {}
    faults = []
    try:
        places = list_record_places()
    except PratiqueError as error:
        places = []
        faults.append(str(error))
    for place in places:
        try:
            record = read_written_record(place)
            if record.path != place:
                raise PratiqueError(f"{place}: is about another batch; run `dvc repro`")
            records[record.batch] = record
        except PratiqueError as error:
            faults.append(str(error))
    return records, Claim("form of records", "computed, by their schema", tuple(faults))


def claim_configuration(records: Records, params: Params) -> Claim:
    """Each record names the program, the params, the declarations and the profile that are here."""

    def find() -> Iterator[str]:
        here = Configuration.of(params)
        tool = Tool(version=__version__, seed=here.seed)
        for name, record in records.items():
            known = record.digests
            differs = sorted(key for key in known | here.digests if known.get(key) != here.digests.get(key))
            differs += ["version or seed"] if record.tool != tool else []
            if differs:
                yield f"{name}: cleared by other {', '.join(differs)} than are here; run `dvc repro`"

    return Claim.of("configuration of records", "computed", find)


def claim_decisions(records: Records, params: Params) -> list[Claim]:
    """A claim for each decision that took effect: who made it, whether that is signed, and whether it stands."""
    effects = {said.sha256: record for record in records.values() for said in record.decisions}
    try:
        found = {decision.sha256: decision for decision in load_decisions()}
        judge = Judge(list(found.values()), params, datetime.now(UTC).date()) if effects else None
    except PratiqueError as error:
        return [Claim("decisions", "", (str(error),))]
    claims = [Claim("decisions", "none took effect")] if not effects else []
    for digest, record in effects.items():
        if digest not in found or judge is None:
            fault = f"{record.batch}: no decision here is the one that its record names; run `dvc repro`"
            claims.append(Claim(f"decision on {record.batch}", "", (fault,)))
        else:
            claims.append(_claim_decision(found[digest], record, judge, params))
    return claims


def _claim_decision(decision: DecisionFile, record: Record, judge: Judge, params: Params) -> Claim:
    content = decision.content

    def find() -> Iterator[str]:
        if content.action != "release":
            return
        for objection in judge.objections(decision, Binding.of(record)):
            yield f"the {decision.name} {objection}"
        claims = params.review.identity == "claims"  # a merge rewrites authors; with keys the gate has judged this
        if claims and Submission.here(pointers(Path(record.file)), params).is_by(decision.reviewer, params):
            yield f"the {decision.name} {OWN}"

    return Claim.of(decision.name, _tell_signer(decision, params), find)


def _tell_signer(decision: DecisionFile, params: Params) -> str:
    if params.review.identity == "signature" and decision.counts(params):
        return f"signed by {decision.reviewer}"
    return f"by {decision.reviewer}, as the file says; not signed with a key of {paths.PARAMS}"


def claim_model(params: Params) -> Claim:
    """The manifest is that of the rows here; that the model learned from them takes training it again."""
    if not params.trains and not MANIFEST.is_file():
        return not_verified("model", find_doubt(None))

    def find() -> Iterator[str]:
        known = read_manifest()
        if doubt := find_doubt(known):
            yield f"{doubt}; train again"
        if not (_holds(known, params) if params.trains else _is_cleared(known)):
            yield f"{MANIFEST}: learned from other rows or with other params than are here; train again"

    how = "--retrain trains it again" if params.trains else "a stage of your own trained it"
    return Claim.of("model", f"not verified: {how}; its manifest is computed", find)


def _holds(known: Manifest, params: Params) -> bool:
    rows = len(read_training(read_reference(params.data), params))
    return known == make_manifest(list_cleared_files(), rows, params)


def _is_cleared(known: Manifest) -> bool:
    """Whether all that a team's own model learned from is here, as it was."""
    trusted = known.reference in (None, digest_trusted(paths.REFERENCE))
    return trusted and set(known.batches) <= set(list_cleared_files())
