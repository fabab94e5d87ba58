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
    def at(cls, tip: str, stand_ins: Sequence[Path], since: str | None = None) -> "Submission":
        """Ask git who brought a file to a commit: itself, its pointer, or a folder's pointer, in this order.

        A pointer to a whole folder has been touched by everybody: of its commits those since `since` count, if any.
        """
        own = git.read_commits(map(str, stand_ins[:2]), tip)
        folders = [str(place) for place in stand_ins[2:]]
        commits = own or (git.read_commits(folders, tip, since) if since else []) or git.read_commits(folders, tip)
        return cls(tuple(commits), frozenset().union(*(commit.people for commit in commits)))

    @classmethod
    def here(cls, stand_ins: Sequence[Path]) -> "Submission":
        """Ask git who brought a file that lies here; what is not committed is by whoever works here."""
        known = cls.at("HEAD", stand_ins)
        if known.commits and not any(git.is_uncommitted(place) for place in stand_ins):
            return known
        return cls(known.commits, known.people | {git.email_of(git.read_identity())})


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
    def at(cls, tip: str, decisions: Sequence[DecisionFile], batches: Container[str], today: date) -> "Judge":
        """Ask git who released these batches, up to a commit."""
        makers = {path: _commit_people(path, tip) for path in _list_releases(decisions, batches)}
        return cls(decisions, makers, today)

    @classmethod
    def here(cls, decisions: Sequence[DecisionFile], batches: Container[str], today: date) -> "Judge":
        """Ask git who released these batches; what is not committed is by whoever works here."""
        me = frozenset({git.email_of(git.read_identity())})
        releases = _list_releases(decisions, batches)
        return cls(decisions, {p: me if git.is_uncommitted(p) else _commit_people(p, "HEAD") for p in releases}, today)

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


def _list_releases(decisions: Sequence[DecisionFile], batches: Container[str]) -> set[Path]:
    return {d.path for d in decisions if d.content.action == "release" and d.content.batch in batches}


def _commit_people(path: Path, tip: str) -> frozenset[str]:
    return git.read_commits([str(path)], tip)[0].people
