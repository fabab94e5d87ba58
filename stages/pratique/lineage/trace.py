"""Where rows went: which model a batch, a row or a whole source reached, and by whose decision."""

from collections.abc import Sequence
from dataclasses import dataclass

from pratique.core import paths
from pratique.core.errors import PratiqueError, printable
from pratique.core.params import load
from pratique.core.text import say_count
from pratique.decisions import ledger
from pratique.decisions.deciding import read_record
from pratique.lineage.erased import describe_erased
from pratique.lineage.promoted import describe_promotion
from pratique.lineage.vouching import tell_voucher
from pratique.provenance.promotion import read_promotions
from pratique.provenance.record import Record
from pratique.provenance.written import has_record
from pratique.quarantine.tables import read_batches
from pratique.results.past import PastModel, past_models
from pratique.results.records import read_held
from pratique.tables.arrival import split_row
from pratique.training.exclusion import EXCLUDED_FILE, find_exclusion
from pratique.training.manifest import MANIFEST, Manifest, find_doubt, read_manifest


@dataclass(frozen=True)
class Trace:
    """What became of a batch.

    Attributes
    ----------
    record : Record
    held : dict of int to str
        The rows in quarantine, each with the reason.
    model : Manifest, optional
        Of the model here.
    doubt : str
        Why nobody can say what the model here learned from; empty where that is known.
    """

    record: Record
    held: dict[int, str]
    model: Manifest | None
    doubt: str


def trace(batch: str) -> Trace:
    """Follow a batch from its record to the model that is here.

    Raises
    ------
    PratiqueError
        If it has no record.
    """
    record = read_record(batch)
    model = read_manifest() if MANIFEST.is_file() else None
    return Trace(record, read_held(record), model, find_doubt(model))


def trace_lines(words: str) -> list[str]:
    """What `pratique trace` says about `<source>/<batch>`, or about one row of it as `<source>/<batch>:<row>`.

    Raises
    ------
    PratiqueError
        If there is no such batch or row.
    """
    batch, row = split_row(words)
    promoted = next((each for each in read_promotions() if each.batch == batch), None)
    if promoted is not None:
        return describe_promotion(promoted)
    erased = describe_erased(batch)
    if erased and not has_record(batch):
        return erased
    found = trace(batch)
    record = found.record
    lines = [*erased, f"{batch}: {record.verdict}, {record.outcome}"]
    if row is not None:
        if row >= record.rows:
            raise PratiqueError(f"{batch}: no row {row}; it has {record.rows}, from 0")
        lines.append(f"row {row}: {_where(found, row)}")
    else:
        lines.append(f"rows: {record.counts.accepted} accepted, {record.counts.quarantined} quarantined")
    lines += _describe_upstream(record)
    for decision in record.decisions:
        lines.append(f"{decision.action} by {decision.reviewer}: {decision.reason} ({decision.path})")
    lines += [hold.reason for hold in record.holds]
    params = load()
    if record.outcome == "accepted":
        lines.append(f"attestation: {tell_voucher(record, params)}")
    return [*lines, _describe_model(found, row)]


def _describe_upstream(record: Record) -> list[str]:
    """Who delivered the batch under which licence, and which batch came before it."""
    entry, before = record.source_entry, record.predecessor
    listed = "not listed in data/sources.yaml"
    if entry is not None:
        listed = f"{entry.origin}; owner: {entry.owner}; licence: {entry.licence}; labels: {entry.labels}"
    return [f"source {record.source}: {listed}", f"the batch before it: {before.name if before else 'none'}"]


def _where(found: Trace, row: int) -> str:
    return f"quarantined, {found.held[row]}" if row in found.held else "accepted"


def _describe_model(found: Trace, row: int | None) -> str:
    record, model = found.record, found.model
    if found.doubt or model is None:
        return f"whether it reached the model is unknown: {found.doubt}"
    learned = [each.sha256 for each in model.batches if each.batch == record.batch]
    if row is not None and learned and learned[0] not in {out.sha256 for out in record.outputs}:
        return "whether it reached the model is unknown: it learned from other rows of the batch than are accepted now"
    if not learned or row in found.held:
        return "did not reach the model"
    if row is not None and model.excluded is not None:
        if not EXCLUDED_FILE.is_file():
            return (
                f"whether it reached the model is unknown: {EXCLUDED_FILE} is not here; run `dvc pull` or `dvc repro`"
            )
        if region := find_exclusion(record.batch, row - sum(held < row for held in found.held)):
            return f"did not reach the model: params.yaml excludes {region} from training"
    return f"reached the model: {model.model}, sha256 {model.sha256}"


@dataclass(frozen=True)
class Recall:
    """What a source touched.

    Attributes
    ----------
    batches : tuple of dict
        The lines of batches.csv.
    gone : tuple of str
        Batches of the source that the ledger remembers and that are no longer here.
    model : Manifest, optional
        The model here, if it learned from the source.
    doubt : str
        Why nobody can say what the model here learned from; empty where that is known.
    rows : int
        Accepted rows that a retrain without the source would drop.
    past : tuple of PastModel
        The committed models that learned from it, and those of which that is no longer known.
    """

    batches: tuple[dict[str, str], ...]
    gone: tuple[str, ...]
    model: Manifest | None
    doubt: str
    rows: int
    past: tuple[PastModel, ...]


def recall(source: str) -> Recall:
    """Everything that a source touched.

    Raises
    ------
    PratiqueError
        If neither the pipeline nor the ledger knows the source.
    """
    here = tuple(line for line in read_batches() if line["source"] == source)
    names = {line["batch"] for line in here}
    past = {entry.batch for entry in ledger.read() if entry.batch.startswith(f"{source}/")}
    if not here and not past:
        raise PratiqueError(
            f"'{printable(source)}': no batch of this source; the folders of {paths.INCOMING} are sources"
        )
    model = read_manifest() if MANIFEST.is_file() else None
    doubt = find_doubt(model)
    told = () if model is None or doubt else model.batches
    learned = [each for each in told if each.batch.startswith(f"{source}/")]
    rows = sum(_accepted_rows(each.batch) for each in learned)
    touched = [m for m in past_models() if m.batches is None or any(b.startswith(f"{source}/") for b in m.batches)]
    return Recall(here, tuple(sorted(past - names)), model if learned else None, doubt, rows, tuple(touched))


def recall_lines(source: str) -> list[str]:
    """What `pratique recall` says."""
    found = recall(source)
    lines = [_describe(line) for line in found.batches]
    promoted = {each.batch: each for each in read_promotions()}
    for batch in found.gone:
        lines += (
            describe_promotion(promoted[batch])
            if batch in promoted
            else describe_erased(batch) or [f"{batch}: no longer here"]
        )
    lines += [_past(model) for model in found.past]
    if found.doubt:
        return [*lines, f"Whether the model here learned from it is unknown: {found.doubt}."]
    if found.model is None:
        return [*lines, "No model here learned from it."]
    share = f"{found.rows:,} of {say_count(found.model.rows, 'row')}"
    return [
        *lines,
        f"The model ({found.model.model}, sha256 {found.model.sha256}) learned from it; a retrain would drop {share}.",
        f"Next: {_commands(found.batches)}; dvc repro",
    ]


def _describe(line: dict[str, str]) -> str:
    said = f"{line['batch']}: {line['outcome']} ({line['verdict']}), {say_count(int(line['rows']), 'row')}"
    if line["outcome"] != "accepted":
        return said
    return f"{said}; attestation: {tell_voucher(read_record(line['batch']), load())}"


def _past(model: PastModel) -> str:
    lost = model.batches is None
    learned = "may have learned from it: the list of its batches is lost" if lost else "learned from it"
    return f"The model of commit {model.commit.sha[:12]} ({model.commit.date[:10]}, {model.digest}) {learned}."


def _commands(batches: Sequence[dict[str, str]]) -> str:
    first = next(line["batch"] for line in batches if line["outcome"] == "accepted")
    more = sum(line["outcome"] == "accepted" for line in batches) - 1
    return f'pratique review reject {first} --reason "..."' + (f", and {more} more" if more else "")


def _accepted_rows(batch: str) -> int:
    return read_record(batch).counts.accepted
