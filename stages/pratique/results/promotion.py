"""Promoting batches: accepted rows become trusted rows, with their provenance, and leave what is judged.

The rows of a batch that were accepted become a file of the reference. The bytes that came in move from data/incoming to
data/promoted as they are, beside a file that says what was done: so nothing is lost, nothing trains twice, and nothing
is judged by itself. What was computed of the batch before goes with the next `dvc repro`.

The file that says what was done is written last: a promotion that was cut off before that is taken up by the next one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from pratique.core import paths
from pratique.core.columns import PLAIN, read_declared
from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_file
from pratique.core.params import DataParams, Params
from pratique.core.writing import write_table
from pratique.decisions import ledger
from pratique.decisions.deciding import read_record
from pratique.decisions.ledger import essence
from pratique.decisions.pending import list_pending
from pratique.provenance.parts import ResourceDescriptor
from pratique.provenance.promotion import Promotion, read_promotions
from pratique.provenance.record import Record
from pratique.results.records import read_held
from pratique.tables.arrival import find_incoming
from pratique.tables.ingested import read_rows
from pratique.tables.labels import labels_place
from pratique.tables.parts import list_files, sha256_batch
from pratique.tables.reading import list_trusted, read_file, read_table, read_trusted


@dataclass(frozen=True)
class Plan:
    """What a promotion would move.

    Attributes
    ----------
    moves : tuple of (Record, pyarrow.Table)
        The batches, and those of their rows that become trusted.
    shares : dict of str to float
        The share of the reference that each source would have, by source; rows that were there from the start are
        nobody's.
    """

    moves: tuple[tuple[Record, pa.Table], ...]
    shares: dict[str, float]

    def carry_out(self) -> list[Path]:
        """Move the batches; the files written."""
        entries = ledger.latest(ledger.read())
        written = []
        for record, table in self.moves:
            place = reference_place(record.batch)
            write_table(place, table)
            original = _original_place(record)
            if Path(record.file).exists():
                original.parent.mkdir(parents=True, exist_ok=True)
                Path(record.file).replace(original)
            promotion = Promotion(
                batch=record.batch,
                original=ResourceDescriptor.of(original.as_posix(), record.sha256),
                reference=ResourceDescriptor.of(place.as_posix(), sha256_file(place)),
                rows=table.num_rows,
                held=tuple(sorted(read_held(record))),
                record=entries[record.batch].record,
                source_entry=record.source_entry,
                decisions=record.decisions,
            )
            promotion.write()
            written += [place, *list_files(original), promotion.path]
        return written


def reference_place(batch: str) -> Path:
    """The file of the reference that holds the promoted rows of a batch."""
    return paths.REFERENCE / f"{batch.replace('/', '--')}.parquet"


def _original_place(record: Record) -> Path:
    """Where the bytes of a promoted batch lie."""
    return paths.PROMOTED / record.source / Path(record.file).name


def locate_promoted(data: DataParams) -> list[np.ndarray]:
    """Positions, in the reference, of the rows of each promoted batch, in the order in which batches came in.

    That is the order of the ledger, whose lines never change; none where it does not know one of them.
    """
    promotions = {Path(each.reference.name): each for each in read_promotions()}
    place = {entry.record: line for line, entry in enumerate(ledger.read())} if promotions else {}
    if not {each.record for each in promotions.values()} <= set(place):
        return []
    found, start = [], 0
    for path in list_trusted(paths.REFERENCE) if promotions else []:
        rows = read_file(path, data.ignore, image=data.image_size).table.num_rows
        if path in promotions:
            found.append((place[promotions[path].record], np.arange(start, start + rows)))
        start += rows
    return [rows for _, rows in sorted(found, key=lambda each: each[0])]


def plan_promotion(batches: Sequence[str], params: Params) -> Plan:
    """What promoting these batches would move, held to what may be promoted.

    Raises
    ------
    PratiqueError
        If a batch is not accepted, is not as the last run saw it, or does not fit the reference; or if a source would
        have more of the reference than `promote.max_source_share`.
    """
    names = list(dict.fromkeys(batches))
    _require_places_apart(names)
    trusted = read_trusted(paths.REFERENCE, params.data.ignore, params.data.image_size)
    undecided = {record.batch for _, record in list_pending()}
    moves = []
    for batch in names:
        record = read_record(batch)
        if params.data.labels_apart and labels_place(batch).exists():
            raise PratiqueError(f"{batch}: its labels are {labels_place(batch)}; only batches with their own can move")
        _require_cleared(record, batch in undecided)
        moves.append((record, _select_rows(record, trusted, params)))
        _require_free(*moves[-1])
    if len(find_incoming(paths.INCOMING)) <= sum(Path(record.file).exists() for record, _ in moves):
        raise PratiqueError(f"{paths.INCOMING}: would be empty; leave at least one batch, the newest, to be judged")
    cut_off = [place for batch in names if (place := reference_place(batch)).exists()]
    shares = _count_shares(moves, trusted.num_rows - sum(read_table(place).num_rows for place in cut_off))
    most = params.promote.max_source_share
    for source, share in shares.items():
        if share > most and any(record.source == source for record, _ in moves):
            raise PratiqueError(
                f"{source}: would be {share:.0%} of the reference, promote.max_source_share is {most:.0%}: "
                "promote fewer of its batches, or those of other sources, too"
            )
    return Plan(tuple(moves), shares)


def _require_places_apart(batches: Sequence[str]) -> None:
    """Refuse batches whose rows would be one file of the reference: the second would replace the first."""
    first: dict[str, str] = {}
    for batch in batches:
        place = str(reference_place(batch))
        other = first.setdefault(place.casefold(), batch)
        if other != batch:
            raise PratiqueError(f"{place}: would hold both {other} and {batch}; promote only one of them")


def _require_cleared(record: Record, undecided: bool) -> None:
    batch, file, moved = record.batch, Path(record.file), _original_place(record)
    if record.outcome != "accepted":
        raise PratiqueError(f"{batch}: is quarantined; only rows that were accepted or released are promoted")
    if undecided:
        raise PratiqueError(f"{batch}: was decided on since the last run; run `dvc repro` first")
    there = file if file.exists() else moved
    if not there.exists() or sha256_batch(there) != record.sha256:
        raise PratiqueError(f"{file}: not the file that was judged; run `dvc repro` first")
    entry = ledger.latest(ledger.read()).get(batch)
    if entry is None or entry.record != essence(record):
        raise PratiqueError(f"{batch}: {paths.LEDGER} does not name its record; run `dvc repro` first")


def _require_free(record: Record, table: pa.Table) -> None:
    """Refuse to write over what is there, but for what the same promotion wrote before it was cut off."""
    reference, original = reference_place(record.batch), _original_place(record)
    taken = [paths.PROMOTED / f"{record.batch}.json"]
    if reference.exists() and not read_table(reference).equals(table):
        taken.append(reference)
    if original.exists() and Path(record.file).exists():
        taken.append(original)
    for place in filter(Path.exists, taken):
        raise PratiqueError(f"{place}: is there already; a batch of that name was promoted before")


def _select_rows(record: Record, trusted: pa.Table, params: Params) -> pa.Table:
    """The accepted rows of a batch as they came in, in the columns of the reference and of their types."""
    table = read_rows(record.batch)
    kept = np.setdiff1d(np.arange(record.rows), np.array(sorted(read_held(record)), np.int64))
    columns = {}
    for name in trusted.column_names:
        if name not in table.column_names:
            raise PratiqueError(f"{record.batch}: lacks column '{name}' of the reference, so it can't join it")
        columns[name] = _as_type(table[name].take(pa.array(kept)), trusted[name].type)
        if columns[name].type != trusted[name].type and name not in params.data.ignore:
            _require_plain(record.batch, name)
    return pa.table(columns).combine_chunks()


def _as_type(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """A column in another type where no cell changes; else as it is."""
    if pa.types.is_string(kind) or pa.types.is_string(column.type):
        return column
    try:
        return column.cast(kind)
    except pa.ArrowInvalid:
        return column


def _require_plain(batch: str, name: str) -> None:
    """Refuse to mix numbers with text that is written in a format: nobody could read both by one rule."""
    spec = (read_declared() or {}).get(name)
    if spec is not None and spec.format != PLAIN:
        raise PratiqueError(
            f"{batch}: column '{name}' holds numbers, the reference text such as {spec.format}; "
            "write the reference as Parquet with numbers first"
        )


def _count_shares(moves: Sequence[tuple[Record, pa.Table]], trusted: int) -> dict[str, float]:
    rows: Counter[str] = Counter()
    for promotion in read_promotions():
        rows[promotion.source] += promotion.rows
    for record, table in moves:
        rows[record.source] += table.num_rows
    total = trusted + sum(table.num_rows for _, table in moves)
    return {source: count / total for source, count in sorted(rows.items())}
