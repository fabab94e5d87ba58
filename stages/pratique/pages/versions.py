"""What the gate was worth, version by version of the pipeline: the metrics that git remembers."""

from dataclasses import dataclass

from pratique.core import paths
from pratique.core.errors import PratiqueError
from pratique.pages.draw import draw
from pratique.pages.drilled import tabulate_drill
from pratique.pages.form import DecisionForm
from pratique.provenance import git
from pratique.results.answers import SUCCESS
from pratique.results.comparison import Comparison
from pratique.results.measures import Estimates, Measures, parse_measures
from pratique.statistics.resampling import Estimate
from pratique.words.numbers import percent
from pratique.words.worth import MODELS, interval

MOST_VERSIONS = 200
"""Versions on the page, the last."""
LEFT, RIGHT, TOP, BOTTOM = 60, 620, 16, 240
APART = 16
BESIDE = 6
"""How far the models of one version stand apart, so that their intervals can be told apart."""


@dataclass(frozen=True)
class Version:
    """One commit that changed the metrics.

    Attributes
    ----------
    found : Comparison
    counts : dict of str to dict of str to float
        Batches that were accepted and quarantined, and what people decided about those.
    caught : float, optional
        Share of poisoned rows that the gate kept out, mean over the drill's attacks and rates.
    """

    commit: str
    date: str
    found: Comparison
    counts: Measures
    caught: float | None

    @property
    def accuracy(self) -> Estimates:
        """On the holdout, by model."""
        return {model: self.found.models[model]["accuracy"] for model in MODELS}

    @property
    def triggers(self) -> str:
        """How often found triggers work without the gate and with it."""
        if SUCCESS not in self.found.gate:
            return "–"
        without, gated = (percent(self.found.models[name][SUCCESS].value) for name in ("everything", "accepted"))
        return f"{without} → {gated}"

    @property
    def reviewed(self) -> str:
        """Quarantined batches that people released, of those that they decided on."""
        review = self.counts.get("review", {})
        decided = review.get("released", 0) + review.get("rejected", 0)
        return f"{review['released']:.0f} of {decided:.0f}" if decided else "–"


@dataclass(frozen=True)
class Point:
    """A point of a line with its interval; `text` says what it stands for."""

    x: str
    y: str
    low: str
    high: str
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
    versions = [v for commit in reversed(commits[:MOST_VERSIONS]) if (v := _version(commit)) is not None]
    if not versions:
        raise PratiqueError(f"{paths.METRICS_JSON}: not in any commit; {advice}")
    return versions, len(commits) - len(versions)


def versions_page(identity: str, form: DecisionForm | None = None) -> str:
    """The page of the pipeline's versions, with what is said about who decides.

    It is read from git, so never an output of the pipeline itself.
    """
    versions, left_out = read_versions()
    shown = [each for version in versions for each in version.accuracy.values()]
    low, high = min(each.low for each in shown) - 0.005, min(1.0, max(each.high for each in shown) + 0.005)
    ticks = [low + (high - low) * i / 4 for i in range(5)]
    return draw(
        "versions.html",
        lines=_lines(versions, low, high),
        ticks=[(_y(value, low, high), percent(value)) for value in ticks],
        versions=list(reversed(versions)),
        models=MODELS,
        left_out=left_out,
        first=versions[0].date,
        last=versions[-1].date,
        identity=identity,
        form=form,
    )


def _version(commit: git.Commit) -> Version | None:
    """The metrics of a commit; None where it removed them, or another version wrote them."""
    place = paths.METRICS_JSON.as_posix()
    try:
        metrics = parse_measures(git.read_blob(commit.sha, place), place)
        found = Comparison.of_measures(metrics, place)
    except PratiqueError:
        return None
    return Version(commit.sha[:10], commit.date[:10], found, metrics, _caught(commit))


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
    at = _spread({model: float(_y(last[model].value, low, high)) for model in MODELS})
    for place, (model, name) in enumerate(MODELS.items()):
        beside = BESIDE * (place - 1)
        points = tuple(
            _point(version.accuracy[model], _x(i, len(versions), beside), low, high)
            for i, version in enumerate(versions)
        )
        lines.append(Line(model, name, points, f"{at[model] + 4:.1f}"))
    return lines


def _point(found: Estimate, x: str, low: float, high: float) -> Point:
    y, bottom, top = (_y(value, low, high) for value in (found.value, found.low, found.high))
    return Point(x, y, bottom, top, f"{percent(found.value)} ({interval(found)})")


def _spread(wanted: dict[str, float]) -> dict[str, float]:
    """Heights of names, moved down where they would overlap."""
    placed: dict[str, float] = {}
    lowest = 0.0
    for model in sorted(wanted, key=lambda name: wanted[name]):
        placed[model] = lowest = max(wanted[model], lowest + APART)
    return placed


def _x(i: int, count: int, beside: int) -> str:
    left, right = LEFT + BESIDE, RIGHT - BESIDE
    return f"{left + (right - left) * (i / (count - 1) if count > 1 else 0.5) + beside:.1f}"


def _y(value: float, low: float, high: float) -> str:
    return f"{BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low):.1f}"
