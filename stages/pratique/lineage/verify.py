"""`pratique verify`: hold everything that is here to what the records, the ledger and the manifest say, offline."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file
from pratique.core.params import Params, load
from pratique.decisions import ledger
from pratique.decisions.decision import binding_of, load_decisions
from pratique.decisions.judging import OWN, Judge, Submission
from pratique.gate.changes import pointers
from pratique.provenance import signing
from pratique.provenance.record import Record
from pratique.quarantine.recording import Configuration, describe_source
from pratique.quarantine.sources import Inventory, load_inventory
from pratique.tables.arrival import list_predecessors
from pratique.tables.trusted import read_reference
from pratique.training.manifest import (
    MODEL_FILE,
    digest_learned_reference,
    digest_training_params,
    list_cleared_files,
    read_manifest,
)
from pratique.training.models import train
from pratique.training.rows import read_training

Records = dict[str, Record]


def verify(retrain: bool = False) -> list[str]:
    """Everything that does not hold, a sentence each; nothing where all holds.

    Parameters
    ----------
    retrain : bool
        Train once more on the same rows, and compare the model byte for byte. Without it the model is held to
        its manifest, and the manifest to the records.
    """
    params = load()
    records, faults = _records()
    parts: tuple[Callable[[], Iterator[str]], ...] = (
        lambda: _ledger(records),
        lambda: _inputs(records),
        lambda: _configurations(records, Configuration.of(params)),
        lambda: _upstream(records, load_inventory()),
        lambda: _outputs(records),
        lambda: _decisions(records, params),
        lambda: _attestations(params),
        lambda: _model(params, retrain),
    )
    for part in parts:
        try:
            faults += part()
        except PratiqueError as error:
            faults.append(str(error))
    return faults


def _records() -> tuple[Records, list[str]]:
    """The records that their schema accepts, by batch, and what is wrong with the others."""
    records, faults = {}, []
    places = sorted(paths.RECORDS.glob("*/*.json"))
    if not places:
        faults.append(f"{paths.RECORDS}: no record; run `dvc repro` or `dvc pull` first")
    for place in places:
        name = place.relative_to(paths.RECORDS).with_suffix("").as_posix()
        try:
            record = Record.read(place)
            if record.batch != name:
                raise PratiqueError(f"{place}: is about another batch")
            records[name] = record
        except PratiqueError as error:
            faults.append(str(error))
    return records, faults


def _ledger(records: Records) -> Iterator[str]:
    known = ledger.latest(ledger.read())
    for name, record in records.items():
        entry = known.get(name)
        if entry is None:
            yield f"{paths.LEDGER}: no entry for {name}"
        elif entry.record != ledger.essence(record):
            yield f"{paths.RECORDS}/{name}.json: not the record that entry {entry.index} of the ledger names"


def _inputs(records: Records) -> Iterator[str]:
    for record in records.values():
        path, digest = Path(record.file), record.sha256
        if not path.is_file():
            yield f"{path}: not here; `dvc pull` it, or run `dvc repro` if it was taken away"
        elif sha256_file(path) != digest:
            yield f"{path}: not the bytes that were cleared; run `dvc repro`"


def _configurations(records: Records, here: Configuration) -> Iterator[str]:
    for name, record in records.items():
        known = record.digests
        differs = sorted(key for key in known | here.digests if known.get(key) != here.digests.get(key))
        if differs:
            yield f"{name}: cleared by other {', '.join(differs)} than are here; run `dvc repro`"


def _upstream(records: Records, inventory: Inventory) -> Iterator[str]:
    """Each record says of its source what the inventory says, and names the batch before it."""
    before = list_predecessors(records)
    for name, record in records.items():
        if record.source_entry != describe_source(inventory.get(record.source)):
            yield f"{name}: its source is not as {paths.SOURCES} lists it; run `dvc repro`"
        earlier = records[before[name]].subject if name in before else None
        if record.predecessor != earlier:
            yield f"{name}: the batch before it is {earlier.name if earlier else 'none'} here; run `dvc repro`"


def _outputs(records: Records) -> Iterator[str]:
    """Each output is as its record says, and nothing else lies beside them."""
    outputs = {out.name: out.sha256 for record in records.values() for out in record.outputs}
    there = {p.as_posix() for folder in (paths.ACCEPTED, paths.QUARANTINE) for p in folder.rglob("*") if p.is_file()}
    for path in sorted(there - outputs.keys()):
        yield f"{path}: no record knows it"
    for path, digest in sorted(outputs.items()):
        if path not in there:
            yield f"{path}: not here; `dvc pull` it"
        elif sha256_file(Path(path)) != digest:
            yield f"{path}: changed after it was written; `dvc checkout` it, or run `dvc repro`"


def _decisions(records: Records, params: Params) -> Iterator[str]:
    """Each release that took effect stands: it binds, has not expired, and is nobody's own."""
    used = {decision.sha256 for record in records.values() for decision in record.decisions}
    found = {decision.sha256: decision for decision in load_decisions()}
    judge = Judge(list(found.values()), params, datetime.now(UTC).date())
    for name, record in records.items():
        for said in record.decisions:
            if said.sha256 not in found:
                yield f"{said.path}: not the decision that let {name} in or kept it out; run `dvc repro`"
    for digest in sorted(used & found.keys()):
        decision = found[digest]
        if decision.content.action == "release":
            record = records[decision.content.batch]
            for objection in judge.objections(decision, binding_of(record)):
                yield f"the {decision.name} {objection}"
            claims = params.review.identity == "claims"  # a merge rewrites authors; with keys the gate has judged this
            if claims and Submission.here(pointers(Path(record.file)), params).is_by(decision.reviewer, params):
                yield f"the {decision.name} {OWN}"


def _attestations(params: Params) -> Iterator[str]:
    """What was attested is signed, where params.yaml names the gate's key."""
    if params.signing.gate is None:
        return
    for path in sorted(paths.ATTESTATIONS.glob("*/*.json")):
        if not signing.is_signed(path.read_bytes(), params.signing.gate, str(path)):
            yield f"{path}: not signed with the key that params.yaml gives for the gate"


def _model(params: Params, retrain: bool) -> Iterator[str]:
    """The model is its manifest's, and the manifest lists the accepted rows that are here, and nothing else."""
    known = read_manifest()
    if sha256_file(MODEL_FILE) != known.sha256:
        yield f"{MODEL_FILE}: not the model of its manifest; run `dvc repro`"
    if known.batches != list_cleared_files():
        yield f"{paths.MODEL}: learned from other rows than are accepted here; run `dvc repro`"
    elif known.reference != digest_learned_reference(params):
        yield f"{paths.MODEL}: learned from another reference than is here; run `dvc repro`"
    elif known.params != digest_training_params(params):
        yield f"{paths.MODEL}: trained with other params than are here; run `dvc repro`"
    elif retrain:
        with TemporaryDirectory() as folder:
            again = Path(folder) / MODEL_FILE.name
            rows = read_training(read_reference(params.data), params)
            train(rows, params.train, params.seed).save(again)
            if sha256_file(again) != known.sha256:
                yield f"{MODEL_FILE}: not what training on these rows gives here"
