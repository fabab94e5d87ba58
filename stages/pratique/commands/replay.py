"""The command `pratique replay`: judge every batch by the policy that lies here, and say which verdicts that flips."""

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.core.params import load
from pratique.core.screen import say
from pratique.core.writing import write_json, write_text
from pratique.gate.base import BasePolicy, isolate_policy, learn, own_folder
from pratique.gate.objects import ObjectStore
from pratique.gate.preview import (
    PastVerdict,
    Preview,
    compare,
    judge_ingested,
    lay_out_decisions,
    list_flips,
)
from pratique.lineage.history import lay_out_inputs
from pratique.provenance import git
from pratique.provenance.tree import Tree
from pratique.quarantine.clear import EXAMINATIONS
from pratique.quarantine.standing import read_standing, standing_text, tell_stand
from pratique.results.records import read_records
from pratique.tables.intake import ingest_all

NOTHING_DIFFERS, DIFFERS = 0, 1


def main(base: str | None, json_file: Path | None, apply: bool) -> int:
    """Judge, compare and say so; the exit code.

    Parameters
    ----------
    base : str, optional
        The commit whose policy the verdicts are compared with; those of the last run if None.
    json_file : Path, optional
    apply : bool
        Whether verdicts that are flipped stand no longer.
    """
    before = _read_last() if base is None else _judge_by_commit(base)
    preview = compare(before, _judge_here())
    say(*list_flips(preview))
    if json_file is not None:
        write_json(json_file, preview.to_json())
    if apply:
        _apply(preview)
    return DIFFERS if preview.flips else NOTHING_DIFFERS


def _apply(preview: Preview) -> None:
    """Take the lines of flipped verdicts out: the next run judges their batches, and its verdicts can be settled.

    No line is written here: each names the commit of a run, and the run by this policy has none yet.
    """
    known = read_standing()
    given_up = {flip.batch for flip in preview.flips} & known.keys()
    if not given_up:
        say(f"None of these verdicts stands: {paths.STANDING} stays as it is.")
        return
    write_text(paths.STANDING, standing_text(line for name, line in known.items() if name not in given_up))
    say(f"{tell_stand(len(given_up))} no longer. Next: commit {paths.STANDING}, in a change without data.")


def _read_last() -> Mapping[str, PastVerdict]:
    return {record.batch: PastVerdict.of(record) for record in read_records()}


def _judge_here() -> Mapping[str, PastVerdict]:
    """By params, expectations, trusted rows, sources and decisions as they lie here, committed or not."""
    home, params = Path.cwd(), load()
    kept = own_folder(home) / "profiles"
    with TemporaryDirectory(prefix="pratique-") as name:
        lay_out_inputs(Path(name))
        with contextlib.chdir(name):
            learn(params, kept)
            _take_batches(home)
            return judge_ingested(BasePolicy.here(params), anew=True)


def _judge_by_commit(ref: str) -> Mapping[str, PastVerdict]:
    """By the policy and the decisions of a commit, what stands there included."""
    home, tree = Path.cwd(), Tree.of(git.resolve_commit(ref))
    with isolate_policy(tree, ObjectStore(tree, tree)) as room:
        lay_out_decisions(tree)
        if not (home / paths.INCOMING).is_dir():
            raise PratiqueError(f"{paths.INCOMING}: not found; there is no batch to judge")
        for place in filter(lambda each: (home / each).is_dir(), (paths.INCOMING, paths.LABELS)):
            shutil.copytree(home / place, place)
        _take_batches(home)
        return judge_ingested(room, anew=False)


def _take_batches(home: Path) -> None:
    """Read the batches again, and take what earlier runs measured of them, which is kept by all that it depends on."""
    ingest_all()
    if (home / EXAMINATIONS).is_dir():
        shutil.copytree(home / EXAMINATIONS, EXAMINATIONS)
