"""The pages of the last run, drawn from what it left; no page that lies on disk is ever sent."""

from functools import cached_property
from pathlib import Path

from pratique.core import paths
from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.params import Params, load
from pratique.dossier.dossier import Dossier, DossierBuilder
from pratique.pages.batch_page import batch_page
from pratique.pages.form import DecisionForm
from pratique.pages.queue_page import list_priced, queue_page, waiting
from pratique.pages.reference_page import reference_page
from pratique.pages.site import tell_run
from pratique.pages.versions import versions_page
from pratique.pages.worth import read_worth
from pratique.provenance import git
from pratique.provenance.record import Record
from pratique.results.records import read_records
from pratique.scaffold.pipeline import STAGES
from pratique.scaffold.remarks import Remark, list_remarks_beside
from pratique.words.identity import identity_note

PAGES_STAGE = next(stage for stage in STAGES if stage.name == "report")
INPUTS = (paths.PARAMS, *map(Path, PAGES_STAGE.deps))
"""What pages are drawn from."""


class _LastRun:
    """What was put together for the pages of one run; it is put together once."""

    def __init__(self) -> None:
        self.params: Params = load()
        self.identity = identity_note(self.params)
        self.facts = read_records()
        self.by_name = {one.batch: one for one in self.facts}
        self.queue = [one.batch for one in waiting(self.facts)]
        self._dossiers: dict[str, Dossier] = {}

    @cached_property
    def builder(self) -> DossierBuilder:
        return DossierBuilder(self.params, self.facts)

    @cached_property
    def remarks(self) -> list[Remark]:
        return list_remarks_beside(self.builder.reference, paths.HOLDOUT)

    def dossier(self, facts: Record) -> Dossier:
        if facts.batch not in self._dossiers:
            self._dossiers[facts.batch] = self.builder.dossier(facts)
        return self._dossiers[facts.batch]


class Views:
    """Draws the pages; what they hold is kept in memory for as long as the bytes that it comes from stay the same."""

    def __init__(self) -> None:
        self._files = _Digests()
        self._digest = ""
        self._versions = ("", "")

    def queue(self, form: DecisionForm) -> str:
        """The page of all batches."""
        run = self._last_run()
        prices = {name: run.builder.price(run.by_name[name]) for name in list_priced(run.facts)}
        notes = tell_run(run.params, run.facts)
        return queue_page(run.facts, prices, read_worth(run.params.train), run.identity, form, notes)

    def batch(self, name: str, form: DecisionForm) -> str | None:
        """The page of one batch; None where there is none, because nothing is to be told about it."""
        run = self._last_run()
        facts = run.by_name.get(name)
        if facts is None or facts.plain:
            return None
        return batch_page(run.dossier(facts), run.builder, run.params, run.queue, form)

    def reference(self, form: DecisionForm) -> str:
        """The page of the trusted rows."""
        run = self._last_run()
        return reference_page(run.builder.reference, run.remarks, run.identity, form)

    def versions(self, form: DecisionForm) -> str:
        """What the gate was worth, version by version; git is asked again when its head has moved."""
        identity = identity_note(load())
        drawn_from = git.resolve_commit("HEAD") + identity
        if self._versions[0] != drawn_from:
            self._versions = drawn_from, versions_page(identity, form)
        return self._versions[1]

    def _last_run(self) -> _LastRun:
        digest = sha256_json([[path.as_posix(), self._files.of(path)] for path in _list_inputs()])
        if digest != self._digest:
            self._run, self._digest = _LastRun(), digest
        return self._run


class _Digests:
    """Digests of files, computed again where the file system says that a file was touched."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def of(self, path: Path) -> str:
        stat = path.stat()
        touched = stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
        known = self._known.get(path)
        if known is None or known[0] != touched:
            known = self._known[path] = touched, sha256_file(path)
        return known[1]


def _list_inputs() -> list[Path]:
    return [path for place in INPUTS for path in (place, *sorted(place.rglob("*"))) if path.is_file()]
