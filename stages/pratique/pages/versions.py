"""What the gate was worth, version by version of the pipeline: the metrics that git remembers."""

from dataclasses import dataclass

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.pages.draw import draw
from pratique.pages.drilled import tabulate_drill
from pratique.provenance import git
from pratique.results.measures import TRAINED_ON, accuracy, parse_measures
from pratique.words import verdicts as words

SHOWN = 200
"""Versions on the page, the last."""
LEFT, RIGHT, TOP, BOTTOM = 60, 620, 16, 240
APART = 16


@dataclass(frozen=True)
class Version:
    """One commit that changed the metrics.

    Attributes
    ----------
    accuracy : dict of str to float
        On the holdout, by what the model was trained on.
    batches : dict of str to float
        How many were accepted and quarantined.
    caught : float, optional
        Share of poisoned rows that the gate kept out, mean over the drill's attacks and rates.
    """

    commit: str
    date: str
    accuracy: dict[str, float]
    batches: dict[str, float]
    caught: float | None


@dataclass(frozen=True)
class Point:
    """A point of a line; `text` says what it stands for."""

    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Line:
    """The accuracy of one kind of model over the versions; `label_y` is where its name stands."""

    model: str
    name: str
    points: tuple[Point, ...]
    label_y: str

    @property
    def path(self) -> str:
        """The line as an SVG path."""
        return "M" + "L".join(f"{point.x} {point.y}" for point in self.points)


def read_versions() -> tuple[list[Version], int]:
    """The last versions, the oldest first, and how many are left out.

    Raises
    ------
    PratiqueError
        If this is no git repository, or it has no committed metrics.
    """
    advice = "run `dvc repro` and commit what it wrote"
    try:
        commits = git.read_commits([paths.METRICS_JSON.as_posix()])
    except PratiqueError as error:
        raise PratiqueError(f"{paths.METRICS_JSON}: no version to read ({error}); {advice}") from error
    versions = [v for commit in reversed(commits[:SHOWN]) if (v := _version(commit)) is not None]
    if not versions:
        raise PratiqueError(f"{paths.METRICS_JSON}: not in any commit; {advice}")
    return versions, max(0, len(commits) - SHOWN)


def versions_page() -> str:
    """The page of the pipeline's versions: read from git, so never an output of the pipeline itself."""
    versions, left_out = read_versions()
    values = [value for version in versions for value in version.accuracy.values()]
    low, high = min(values) - 0.01, min(1.0, max(values) + 0.01)
    ticks = [low + (high - low) * i / 4 for i in range(5)]
    return draw(
        "versions.html",
        lines=_lines(versions, low, high),
        ticks=[Point("", _y(value, low, high), words.percent(value)) for value in ticks],
        versions=list(reversed(versions)),
        models=TRAINED_ON.items(),
        left_out=left_out,
        first=versions[0].date,
        last=versions[-1].date,
    )


def _version(commit: git.Commit) -> Version | None:
    """The metrics of a commit; None where it removed them or they are not ours."""
    place = paths.METRICS_JSON.as_posix()
    try:
        metrics = parse_measures(git.read_blob(commit.sha, place), place)
        batches = {name: metrics["batches"][name] for name in ("accepted", "quarantined")}
        found = accuracy(metrics, place)
    except (PratiqueError, KeyError):
        return None
    return Version(commit.sha[:10], commit.date[:10], found, batches, _caught(commit))


def _caught(commit: git.Commit) -> float | None:
    """What the drill of a commit caught; None where it has none."""
    place = paths.DRILL_METRICS.as_posix()
    try:
        found = tabulate_drill(parse_measures(git.read_blob(commit.sha, place), place), place)
    except PratiqueError:
        return None
    return None if found is None else found.mean


def _lines(versions: list[Version], low: float, high: float) -> list[Line]:
    lines = []
    last = versions[-1].accuracy
    at = _spread({model: float(_y(last[model], low, high)) for model in TRAINED_ON})
    for model, name in TRAINED_ON.items():
        points = tuple(
            Point(_x(i, len(versions)), _y(version.accuracy[model], low, high), words.percent(version.accuracy[model]))
            for i, version in enumerate(versions)
        )
        lines.append(Line(model, name, points, f"{at[model] + 4:.1f}"))
    return lines


def _spread(wanted: dict[str, float]) -> dict[str, float]:
    """Heights of names, moved down where they would overlap."""
    placed: dict[str, float] = {}
    lowest = 0.0
    for model in sorted(wanted, key=lambda name: wanted[name]):
        placed[model] = lowest = max(wanted[model], lowest + APART)
    return placed


def _x(i: int, count: int) -> str:
    return f"{LEFT + (RIGHT - LEFT) * (i / (count - 1) if count > 1 else 0.5):.1f}"


def _y(value: float, low: float, high: float) -> str:
    return f"{BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low):.1f}"
