"""The detector: what trusted rows taught, and a budget; all that is needed to judge a batch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from threadpoolctl import threadpool_limits

from pratique.contract.discovery import check_names, load_check
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.documents import read_json
from pratique.core.errors import PratiqueError, UnreadableBatch
from pratique.core.image_params import ImageParams
from pratique.core.layout import Layout
from pratique.core.params import AlarmParams, DataParams, Params
from pratique.core.sections import parse
from pratique.core.writing import write_json
from pratique.detector import notebook, profile
from pratique.detector.adequacy import BudgetAdequacy
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import Examination, fail
from pratique.detector.pieces import examine_in_pieces
from pratique.detector.profile import Profile
from pratique.detector.result import Result
from pratique.detector.verdict import Verdict, judge, judge_unreadable
from pratique.tables.parts import read_batch
from pratique.tables.reading import read_file, read_frame, read_trusted
from pratique.tables.trusted import layout_of

SETTINGS = "detector.json"
"""The file of a saved detector beside those of its profile."""
SECTIONS = {"seed", "data", "alarms", "limits", "shift", "checks"}
"""What of params.yaml a detector follows."""


@dataclass(frozen=True)
class Detector:
    """Judges batches by what trusted rows taught.

    Attributes
    ----------
    profile : Profile
        What the trusted rows taught.
    params : Params
        The columns, the checks, the budget for false alarms, the policy for honest change.
    """

    profile: Profile
    params: Params

    @classmethod
    def learn(
        cls, reference: Batch, params: Params, holdout: pa.Table | None = None, without: str | None = None
    ) -> "Detector":
        """Calibrate on trusted rows; see `calibrate.calibrate` for the arguments and for what it raises."""
        return cls(calibrate(reference, params, holdout, without), params)

    @classmethod
    def load(cls, params: Params, folder: Path = paths.PROFILE) -> "Detector":
        """Read the profile that was learned with these params; see `profile.load` for what it raises."""
        return cls(profile.load(params, folder), params)

    def save_profile(self) -> None:
        """Write what was learned to the pipeline's place, and nothing that can change without learning anew."""
        profile.save(self.profile, declared=paths.DECLARED, trusted=(paths.REFERENCE, paths.HOLDOUT))

    def save(self, folder: str | Path) -> None:
        """Write the detector; `pratique.load` reads it back.

        Parameters
        ----------
        folder : str or Path
            A new or empty folder, or one that holds a saved detector, which is replaced.

        Raises
        ------
        PratiqueError
            If the folder holds other files.
        """
        place = Path(folder)
        if place.is_dir() and any(place.iterdir()) and not (place / SETTINGS).is_file():
            raise PratiqueError(f"{place}: holds other files than a saved detector; name an empty folder")
        profile.save(self.profile, place)
        write_json(place / SETTINGS, self.params.model_dump(mode="json", by_alias=True, include=SECTIONS))

    @property
    def layout(self) -> Layout:
        """The columns that a batch is read by."""
        return self.profile.layout

    @property
    def adequacy(self) -> BudgetAdequacy:
        """The budget beside what so many trusted rows are worth."""
        return BudgetAdequacy(self.params.alarms.per_1000_batches, self.profile.rows)

    def examine(self, batch: Batch) -> Examination:
        """Measure a batch with every check; it depends on this batch and the profile only."""
        return examine_in_pieces(batch, self.profile)

    def prepare(self) -> None:
        """Load what examining a batch takes, so that processes which this one begins need not do it each."""
        for check in self.profile.checks.values():
            check.folds[0].prepare()

    def fail(self, batch: Batch, why: str) -> Examination:
        """What there is to say of a batch that could not be examined."""
        return fail(batch, self.profile, why)

    def judge(self, examination: Examination) -> Verdict:
        """Judge what was measured by the budget; nobody looks at the data again."""
        return judge(examination, self.params.alarms, self.params.shift)

    def check(self, rows: Any, name: str = "batch") -> Result:
        """Judge rows.

        Parameters
        ----------
        rows : DataFrame (pandas, polars), pyarrow.Table, or the path of a file or a folder of parts
            With their labels: those that come in apart (`data.labels_from`) are not looked for.
        name : str
            Of the batch, for messages.

        Returns
        -------
        Result
            Rows that can't be read as a table are quarantined, and `fault` says why.

        Raises
        ------
        PratiqueError
            If `rows` is no table at all.
        """
        try:
            batch = Batch(name, _read_batch(rows, name, self.layout), self.layout)
        except UnreadableBatch as error:
            return Result(name, rows, None, None, judge_unreadable(), str(error))
        with threadpool_limits(limits=1):  # the order in which threads add up numbers would show in the last bits
            examination = self.examine(batch)
        return Result(name, rows, batch, examination, self.judge(examination))

    def __repr__(self) -> str:
        return f"Detector({self.profile.rows:,} trusted rows, {len(self.profile.checks)} checks)"

    def _repr_html_(self) -> str:
        return notebook.show_detector(self.profile, self.adequacy)


def learn_from(
    trusted: Any,
    *,
    label: str,
    per_1000_batches: float = 10,
    holdout: Any = None,
    id: str | None = None,
    ignore: tuple[str, ...] = (),
    personal: tuple[str, ...] = (),
    image: tuple[int, ...] | None = None,
    checks: Any = None,
    seed: int = 0,
) -> Detector:
    """What `pratique.calibrate` does, which documents the arguments."""
    size = None if image is None else _parse_image(image)
    data = DataParams(label=label, id=id, ignore=ignore, personal=personal, image=size)
    examined = None if holdout is None else _read(holdout, "holdout", data)
    params = Params(
        seed=seed,
        data=data,
        alarms=parse(AlarmParams, {"per_1000_batches": per_1000_batches}, "calibrate"),
        checks=_chosen_checks(checks, {"holdout": examined is not None, "images": size is not None}),
    )
    table = _read(trusted, "trusted", data)
    with threadpool_limits(limits=1):
        return Detector.learn(Batch("reference", table, layout_of(table, params.data)), params, examined)


def load_saved(folder: str | Path) -> Detector:
    """What `pratique.load` does, which says what it raises."""
    place = Path(folder) / SETTINGS
    if not place.is_file():
        raise PratiqueError(f"{place}: not found; `Detector.save` writes it")
    return Detector.load(parse(Params, read_json(place), str(place)), Path(folder))


def _parse_image(image: tuple[int, ...]) -> ImageParams:
    """Height, width and, if they are named, channels."""
    if len(image) not in (2, 3):
        raise PratiqueError("calibrate: image: expected (height, width) or (height, width, channels)")
    return parse(ImageParams, dict(zip(ImageParams.model_fields, image, strict=False)), "calibrate: image")


def _chosen_checks(checks: Any, there: Mapping[str, bool]) -> dict[str, dict[str, Any]]:
    """The checks by name with their fields; by default all that need nothing that is not there, and no torch."""
    if checks is None:
        kinds = {name: load_check(name) for name in check_names()}
        met = {"nothing", *(need for need, is_there in there.items() if is_there)}
        return {name: {} for name, kind in kinds.items() if kind.needs in met and not kind.needs_torch}
    if isinstance(checks, Mapping):
        return {name: dict(fields) for name, fields in checks.items()}
    return {name: {} for name in checks}


def _read_batch(rows: Any, name: str, layout: Layout) -> pa.Table:
    if isinstance(rows, str | Path):
        return read_batch(Path(rows), layout.ignored, layout.names, layout.image).table
    return read_frame(rows, name, layout.ignored)


def _read(rows: Any, name: str, data: DataParams) -> pa.Table:
    if not isinstance(rows, str | Path):
        return read_frame(rows, name, data.ignore)
    path = Path(rows)
    if path.is_dir():
        return read_trusted(path, data.ignore, data.image_size)
    return read_file(path, data.ignore, image=data.image_size).table
