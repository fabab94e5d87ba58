"""What `pratique init` makes of the columns: what each is, where people may know better, what it proposes."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa

from pratique.core import paths
from pratique.core.columns import FEATURES, ColumnSpec
from pratique.core.errors import printable
from pratique.core.layout import as_text
from pratique.core.params import DataParams
from pratique.tables.hints import is_key_name, looks_personal
from pratique.tables.inference import Doubt, Inferred, infer_columns

LOOKED_AT = 1000
"""Cells of a column that are looked at for addresses of persons."""


@dataclass(frozen=True)
class Proposal:
    """One thing that init would say about a column, and where that can be changed.

    Attributes
    ----------
    doubt : Doubt
    place : str
        The file and the key.
    """

    doubt: Doubt
    place: str

    @property
    def text(self) -> str:
        """For people, without a way to address a terminal."""
        doubt = self.doubt
        return (
            printable(f"{doubt.column}: {doubt.saw} → {doubt.decided}") + f"\n    to change it: {printable(self.place)}"
        )


@dataclass(frozen=True)
class Understanding:
    """How a table is understood.

    Attributes
    ----------
    data : DataParams
        The roles of its columns.
    specs : dict of str to ColumnSpec
    proposals : tuple of Proposal
        What people may know better, in the order of the columns.
    """

    data: DataParams
    specs: dict[str, ColumnSpec]
    proposals: tuple[Proposal, ...]

    @property
    def about_features(self) -> tuple[Proposal, ...]:
        """Those about columns that are features whatever people say: they are told, nobody is asked."""
        return tuple(each for each in self.proposals if self.specs[each.doubt.column].kind in FEATURES)


def understand(table: pa.Table, data: DataParams, propose: bool = True) -> Understanding:
    """Say what the columns are; where roles may be proposed, propose an id, a time and what is personal."""
    personal = tuple(name for name in table.column_names if propose and _is_personal(name, table[name], data))
    data = data.model_copy(update={"personal": (*data.personal, *personal)})
    inferred = infer_columns(table, data)
    roles = _roles(inferred, data) if propose else {}
    proposals = [
        Proposal(found.doubt, _place(name, roles)) for name, found in inferred.items() if found.doubt is not None
    ]
    proposals += [
        Proposal(Doubt(name, "looks personal", "no report shows its cells"), f"{paths.PARAMS}, data.personal")
        for name in personal
    ]
    order = {name: at for at, name in enumerate(table.column_names)}
    proposals.sort(key=lambda each: order[each.doubt.column])
    specs = {name: found.spec for name, found in inferred.items()}
    return Understanding(data.model_copy(update=roles), specs, tuple(proposals))


def _roles(inferred: dict[str, Inferred], data: DataParams) -> dict[str, str]:
    """The id and the time that are proposed: of several ids one that is called so, of several times none."""
    ids = [name for name, found in inferred.items() if found.spec.kind == "identifier"]
    times = [name for name, found in inferred.items() if found.spec.kind == "time"]
    roles = {}
    if data.id is None and ids:
        ids.sort(key=lambda name: (name in data.personal, not is_key_name(name)))
        roles["id"] = ids[0]
    if data.time is None and len(times) == 1:
        roles["time"] = times[0]
    return roles


def _place(name: str, roles: dict[str, str]) -> str:
    role = next((key for key, column in roles.items() if column == name), None)
    also = f" and {paths.PARAMS}, data.{role}" if role else ""
    return f"{paths.COLUMNS}, {name}{also}"


def _is_personal(name: str, column: pa.ChunkedArray, data: DataParams) -> bool:
    if name in (data.label, *data.personal, *data.ignore) or not pa.types.is_string(column.type):
        return name not in (data.label, *data.personal, *data.ignore) and looks_personal(name, [])
    return looks_personal(name, as_text(column).drop_null().slice(0, LOOKED_AT).to_pylist())


def confirm(found: Understanding, ask: Callable[[str], bool]) -> Understanding:
    """Ask about each column that would be no feature; where the answer is no it is one, and nothing is proposed."""
    specs, roles = dict(found.specs), dict[str, None]()
    unasked = found.about_features
    refused = [proposal for proposal in found.proposals if not (proposal in unasked or ask(proposal.text))]
    for proposal in refused:
        name = proposal.doubt.column
        specs[name] = ColumnSpec(kind="category")
        roles |= {key: None for key in ("id", "time") if getattr(found.data, key) == name}
    kept = tuple(proposal for proposal in found.proposals if proposal not in refused)
    return replace(found, specs=specs, data=found.data.model_copy(update=roles), proposals=kept)
