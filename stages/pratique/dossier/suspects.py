"""The suspect rows of a batch, ranked, each beside its nearest trusted neighbours."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from pratique.contract.check import show_label
from pratique.core.batch import Batch
from pratique.core.layout import as_text
from pratique.core.text import HIDDEN_MARK, shorten
from pratique.dossier.trusted import Trusted
from pratique.words.numbers import number

CARDS, PICTURED = 12, 20
"""Suspects that are shown with their neighbours: as a table each, or as pictures, which take less room."""
LINES = 200
"""Suspects that are shown with a line each."""
NEIGHBOURS = 5
SUSPECT_COLUMNS = 6
FAR = 1.5


@dataclass(frozen=True)
class Row:
    """A row as people see it.

    Attributes
    ----------
    cells : tuple of str
        Those of the columns that tell it from its neighbours; empty where it is drawn.
    picture : str, optional
        The data URI of its picture.
    distance : float
        To the suspect; 1 is typical of trusted rows. 0 for the suspect itself.
    """

    label: str
    cells: tuple[str, ...]
    picture: str | None = None
    distance: float = 0.0


@dataclass(frozen=True)
class Suspect:
    """A suspect row.

    Attributes
    ----------
    row : int
        Its position in the file.
    columns : tuple of str
        The columns in which it differs the most from its neighbours.
    neighbours : tuple of Row
        The nearest trusted rows, the nearest first.
    id : str
        What its source calls it; empty where there is no such column, or people may not see it.
    """

    row: int
    score: float
    reason: str
    shown: Row
    columns: tuple[str, ...] = ()
    neighbours: tuple[Row, ...] = ()
    id: str = ""

    @property
    def votes(self) -> tuple[str, int]:
        """The label that most neighbours carry, and how many do."""
        return Counter(neighbour.label for neighbour in self.neighbours).most_common(1)[0]

    @property
    def contradicted(self) -> bool:
        """Whether most of its neighbours carry one other label."""
        label, count = self.votes
        return label != self.shown.label and 2 * count > len(self.neighbours)

    @property
    def far(self) -> bool:
        """Whether even its nearest trusted row is not near."""
        return self.neighbours[0].distance > FAR


@dataclass(frozen=True)
class Ranking:
    """The suspects, the most suspicious first: some with their neighbours, some with a line, the rest counted."""

    cards: tuple[Suspect, ...]
    lines: tuple[Suspect, ...]
    left_out: int


def rank(
    batch: Batch, reasons: dict[int, str], scores: np.ndarray, trusted: Trusted, id_column: str | None = None
) -> Ranking:
    """Rank the suspects by score; rows of one score keep the order of the file.

    Parameters
    ----------
    batch : Batch
    reasons : dict of int to str
        The suspect rows, each with the reason.
    scores : ndarray, shape (rows,)
    trusted : Trusted
    id_column : str, optional
        Which column names a row.
    """
    rows = np.array(sorted(reasons), dtype=int)
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    first, rest = np.split(rows, [PICTURED if trusted.pictures else CARDS])
    ids = _show_ids(batch, rows, id_column)
    cards = _cards(batch, first, scores, reasons, trusted)
    lines = [_line(batch, int(row), float(scores[row]), reasons[int(row)]) for row in rest[:LINES]]
    cards, lines = ([replace(one, id=ids.get(one.row, "")) for one in some] for some in (cards, lines))
    return Ranking(tuple(cards), tuple(lines), max(0, len(rest) - LINES))


def _show_ids(batch: Batch, rows: np.ndarray, id_column: str | None) -> dict[int, str]:
    """What their source calls rows, by position.

    None where a column is personal: in a row whose cells went astray, a person's cell stands in the place of its id.
    """
    if id_column not in batch.table.column_names or batch.layout.personal:
        return {}
    cells = as_text(batch.table[id_column].take(pa.array(rows, pa.int64()))).to_pylist()
    return {int(row): shorten(cell) for row, cell in zip(rows, cells, strict=True) if cell}


def _line(batch: Batch, row: int, score: float, reason: str) -> Suspect:
    return Suspect(row, score, reason, Row(_label(batch, row), ()))


def _cards(
    batch: Batch, rows: np.ndarray, scores: np.ndarray, reasons: dict[int, str], trusted: Trusted
) -> list[Suspect]:
    if not len(rows):
        return []
    mine = batch.take(rows)
    distance, neighbour = trusted.nearest(mine, NEIGHBOURS)
    cards = []
    for i, row in enumerate(rows):
        columns = [] if trusted.pictures else _telling(mine, i, trusted, neighbour[i])
        cards.append(
            Suspect(
                int(row),
                float(scores[row]),
                reasons[int(row)],
                _show_row(mine, i, columns, trusted),
                tuple(shorten(name) for name in columns),
                tuple(
                    _show_row(trusted.rows, int(j), columns, trusted, float(d))
                    for j, d in zip(neighbour[i], distance[i], strict=True)
                ),
            )
        )
    return cards


def _show_row(batch: Batch, row: int, columns: list[str], trusted: Trusted, distance: float = 0.0) -> Row:
    picture = trusted.pictures.draw(batch.numeric[row]) if trusted.pictures else None
    return Row(_label(batch, row), tuple(_cell(batch, row, name) for name in columns), picture, distance)


def _telling(batch: Batch, row: int, trusted: Trusted, neighbours: np.ndarray) -> list[str]:
    """The `SUSPECT_COLUMNS` columns in which a row differs the most from its neighbours; ties in their order."""
    layout, encoder = batch.layout, trusted.encoder
    with np.errstate(over="ignore", invalid="ignore"):
        z = np.arcsinh((batch.numeric[row] - encoder.mean) / encoder.std)
        near = np.arcsinh((trusted.rows.numeric[neighbours] - encoder.mean) / encoder.std)
        gaps = np.nan_to_num(np.abs(z - np.nanmean(np.nan_to_num(near), axis=0)), nan=0.0, posinf=1e300)
    differs = (trusted.rows.categorical[neighbours] != batch.categorical[row]).mean(axis=0)
    size = dict(zip(layout.numeric, gaps, strict=True)) | dict(zip(layout.categorical, differs, strict=True))
    chosen = sorted(layout.kinds, key=lambda name: -size[name])[:SUSPECT_COLUMNS]
    return [name for name in layout.kinds if name in chosen]


def _label(batch: Batch, row: int) -> str:
    return show_label(batch, row) or "(none)"


def _cell(batch: Batch, row: int, name: str) -> str:
    layout = batch.layout
    if name in layout.personal:
        return HIDDEN_MARK
    if name in layout.categorical:
        level = str(batch.categorical[row, layout.categorical.index(name)])
        return (shorten(level) or "(empty)") if layout.may_show(name, level) else HIDDEN_MARK
    value = float(batch.numeric[row, layout.numeric.index(name)])
    return "(empty)" if np.isnan(value) else number(value)
