"""Where rows of the reference come from that came in as a batch: a file for each, beside the bytes that came in."""

import json
from pathlib import Path

from pydantic import ValidationError

from pratique.core import paths
from pratique.core.documents import read_json
from pratique.core.errors import PratiqueError
from pratique.core.writing import write_json
from pratique.provenance.parts import Count, DecisionRecord, Part, ResourceDescriptor, Sha256, SourceRecord


class Promotion(Part):
    """A batch whose accepted rows are trusted now.

    Attributes
    ----------
    batch : str
        `<source>/<batch>`.
    original : ResourceDescriptor
        The bytes that came in, where they lie now.
    reference : ResourceDescriptor
        The file of the reference that holds the promoted rows.
    rows : int
        How many were promoted.
    held : tuple of int
        Positions, in the original, of the rows that were in quarantine and are in no model.
    record : str
        The digest by which the ledger names the record of the batch.
    source_entry : SourceRecord, optional
    decisions : tuple of DecisionRecord
        Whose release let rows in.
    """

    batch: str
    original: ResourceDescriptor
    reference: ResourceDescriptor
    rows: Count
    held: tuple[Count, ...]
    record: Sha256
    source_entry: SourceRecord | None
    decisions: tuple[DecisionRecord, ...]

    @property
    def source(self) -> str:
        """Who delivered it."""
        return self.batch.partition("/")[0]

    @property
    def incoming(self) -> Path:
        """Where it came in."""
        return paths.INCOMING / self.source / Path(self.original.name).name

    @property
    def path(self) -> Path:
        """The file that says so."""
        return paths.PROMOTED / f"{self.batch}.json"

    def write(self) -> None:
        """Write the file."""
        write_json(self.path, self.model_dump(mode="json", by_alias=True))


def read_promotions() -> list[Promotion]:
    """Every promotion, sorted by batch; none where nothing was promoted.

    Raises
    ------
    PratiqueError
        If a file is not as `pratique promote` writes it.
    """
    return [_read(path) for path in sorted(paths.PROMOTED.glob("*/*.json"))]


def _read(path: Path) -> Promotion:
    try:
        found = Promotion.model_validate_json(json.dumps(read_json(path)), strict=True)
    except ValidationError as error:
        raise PratiqueError(f"{path}: not as `pratique promote` writes it; take it from git again") from error
    if found.path != path:
        raise PratiqueError(f"{path}: is about another batch; take it from git again")
    return found
