"""Judging decisions: whether a release binds, has not expired, and was made by somebody else than who submitted."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pratique.core.params import Params
from pratique.decisions.decision import DecisionFile
from pratique.provenance import git
from pratique.provenance.git import Commit


@dataclass(frozen=True)
class Submission:
    """Who brought a batch.

    Attributes
    ----------
    commits : tuple of Commit
        Those that touched it, newest first.
    people : frozenset of str
        E-mail addresses of their authors and committers; of whoever works here, too, if it is not committed.
    """

    commits: tuple[Commit, ...]
    people: frozenset[str]

    @classmethod
    def of(cls, stand_ins: Sequence[Path], since: str | None = None) -> "Submission":
        """Ask git who brought a file: itself, its pointer, or a folder's pointer, in this order.

        A pointer to a whole folder has been touched by everybody: of its commits those since `since` count, if any.
        """
        own = git.read_commits(str(place) for place in stand_ins[:2])
        folders = [str(place) for place in stand_ins[2:]]
        commits = own or (git.read_commits(folders, since) if since else []) or git.read_commits(folders)
        open_here = not commits or any(git.is_uncommitted(place) for place in stand_ins)
        here = frozenset({git.email_of(git.read_identity())}) if open_here else frozenset()
        return cls(tuple(commits), here.union(*(commit.people for commit in commits)))


@dataclass(frozen=True)
class Judge:
    """The decisions, who made each, and what day it is.

    Attributes
    ----------
    makers : dict of Path to frozenset of str
        E-mail addresses of who committed each decision last.
    """

    decisions: Sequence[DecisionFile]
    makers: dict[Path, frozenset[str]]
    today: date

    @classmethod
    def of(cls, decisions: Sequence[DecisionFile], batches: Container[str], today: date) -> "Judge":
        """Ask git who released these batches."""
        releases = {d.path for d in decisions if d.content.action == "release" and d.content.batch in batches}
        return cls(decisions, {path: _makers(path) for path in releases}, today)

    def of_batch(
        self, batch: str, binds: str, params: Params, submission: Submission
    ) -> tuple[list[DecisionFile], list[str]]:
        """The decisions that stand, and the objections to releases of this batch that don't.

        Parameters
        ----------
        batch : str
        binds : str
            What a release of it must bind.
        params : Params
        submission : Submission
        """
        standing, objections = [], []
        for decision in self.decisions:
            is_release = decision.content.action == "release" and decision.content.batch == batch
            found = list(self.objections(decision, binds, params, submission.people)) if is_release else []
            objections += [f"the release by {decision.content.reviewer} {objection}" for objection in found]
            if not found:
                standing.append(decision)
        return standing, objections

    def objections(
        self, decision: DecisionFile, binds: str, params: Params, submitters: frozenset[str]
    ) -> Iterable[str]:
        """Why a release does not count, a clause each, given what it must bind and who submitted the batch."""
        said, makers = decision.content, self.makers[decision.path]
        if said.binds != binds:
            yield "was made for other bytes or other limits: decide again"
        if said.time.date() > self.today + timedelta(days=1):  # clocks and time zones differ
            yield f"is dated {said.time:%Y-%m-%d}, which is yet to come"
        if said.expires is not None and said.expires < self.today:
            yield f"expired on {said.expires}: decide again"
        if params.signing.reviewers:
            if not decision.is_signed(params.signing):
                yield "is not signed with the key that params.yaml gives for that address"
            makers = frozenset({decision.reviewer})
        elif decision.reviewer not in makers:
            yield f"was committed by {', '.join(sorted(makers)) or 'nobody'}: reviewers commit their own decisions"
        if (makers | {decision.reviewer}) & submitters:
            yield "is by somebody who submitted the batch: somebody else must decide"


def _makers(path: Path) -> frozenset[str]:
    if git.is_uncommitted(path):
        return frozenset({git.email_of(git.read_identity())})
    return git.read_commits([str(path)])[0].people
