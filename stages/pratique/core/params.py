"""params.yaml, and nothing else reads it: every section is a model that forbids unknown keys."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pratique.core import paths
from pratique.core.documents import read_yaml
from pratique.core.errors import PratiqueError
from pratique.core.fairness_params import FairnessParams
from pratique.core.image_params import ImageParams, ImageSize
from pratique.core.region import KnownRegion
from pratique.core.requirement import Requirement
from pratique.core.review_params import ReviewParams, SigningParams
from pratique.core.sections import Section, parse


class DataParams(Section):
    """What the columns are.

    `label` is what a model learns; `id` names a row and is never a feature; `ignore` are columns that
    are kept but not examined, and may hold lists or bytes, which are not even read; `personal` are columns whose
    cells no report shows. `time` says when a row was taken, is never a feature and gives the reference its order;
    `ordered` says that its rows stand in their order without such a column. `formats`: a cell that is written in
    another format than the trusted ones, and has one meaning, is read and noted, or held. `cells: hide` makes every
    column one whose cells no report shows. `labels_from`: labels come in with the rows, or apart, joined by `id`.
    `image`: rows are images of this size.
    """

    label: str
    id: str | None = None
    ignore: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    time: str | None = None
    ordered: bool = False
    formats: Literal["read", "hold"] = "read"
    cells: Literal["show", "hide"] = "show"
    labels_from: Literal["batch", "data/labels"] = "batch"
    image: ImageParams | None = Field(None, exclude_if=lambda image: image is None)

    @model_validator(mode="after")
    def _labels_apart_have_an_id(self) -> Self:
        if self.labels_apart and self.id is None:
            raise ValueError("labels_from: data/labels takes an id by which they are joined; name it under data.id")
        return self

    @property
    def image_size(self) -> ImageSize | None:
        """The size of rows that are images; None where they are none."""
        return None if self.image is None else self.image.size

    @property
    def labels_apart(self) -> bool:
        """Whether labels come in apart from their rows."""
        return self.labels_from == "data/labels"


class AlarmParams(Section):
    """The false-alarm budget, from which every threshold follows.

    `per_1000_batches`: clean batches in 1,000 that may be quarantined. `rows_fdr`: the share of wrongly
    held rows among all rows that are held one by one.
    """

    per_1000_batches: float = Field(10, gt=0, lt=1000)
    rows_fdr: float = Field(0.05, gt=0, lt=1)

    @property
    def alpha(self) -> float:
        """The budget as a probability for one batch."""
        return self.per_1000_batches / 1000


class ShiftParams(Section):
    """What becomes of a batch whose only fault is that its columns or class shares have moved."""

    policy: Literal["quarantine", "warn"] = "quarantine"


class LimitParams(Section):
    """Which trusted rows set the limits; no model learns from those of the holdout."""

    source: Literal["holdout", "reference"] = Field("holdout", alias="from")


class ExaminationParams(Section):
    """What the examination of one batch may take; nothing is learned or judged by it."""

    seconds: float = Field(1800, gt=0, le=1e6)
    memory_gib: float = Field(8, gt=0, le=1e6)


class SourcesParams(Section):
    """What becomes of a batch whose source is not listed in data/sources.yaml."""

    unlisted: Literal["warn", "refuse"] = "warn"


RepeatPolicy = Literal["warn", "quarantine"]
"""What becomes of a batch most of whose rows its source sent before; what another source sent is only warned of."""


class PolicyParams(Section):
    """Which batches a change of policy judges anew.

    `applies: all`: every batch, each run. `new`: verdicts in data/standing.jsonl stand, the rest is judged.
    """

    applies: Literal["all", "new"] = "all"


class PromoteParams(Section):
    """How much of the reference `pratique promote` may make of one source's rows."""

    max_source_share: float = Field(0.2, gt=0, le=1)


class NotifyParams(Section):
    """`command`: the words of a command, run by no shell, that reads on standard input what a run has newly held."""

    command: tuple[str, ...] = ()


class GateParams(Section):
    """What a change that brings data may touch beside it.

    `with_data`: patterns of paths, `*` for any characters, folders included. Results, decisions and what DVC keeps of
    data need no mention; anything else takes a change of its own. `requirements`: whether results that break a
    requirement are refused.
    """

    with_data: tuple[str, ...] = ()
    requirements: bool = False


ModelKind = Literal["random_forest", "gradient_boosting", "logistic_regression", "linear_svm", "nearest_neighbours"]
"""What the drill trains; a team ships one of the first three, or a model of its own."""


PLAIN_TRAINING: dict[str, dict[str, Any]] = {"plain": {}}
"""The method of training that withstands nothing."""


def _with_fields(method: Any) -> Any:
    """A method that stands by its name alone has no fields of its own."""
    return {method: {}} if isinstance(method, str) else method


class TrainParams(Section):
    """The model that is trained on cleared rows.

    `rows`: the reference and what was accepted, or what was accepted alone. `model`, `trees` and `epochs` are of one of
    this program's; `estimator` is a team's own in their place: `package.module:factory`, called with `params`. `trusts`
    are types of the team's own code that such a model is made of. `method`: how either is trained, by its name, or with
    the method's fields below its name. `fairness`: whether labels or weights change in training, so that two groups
    fare alike. `exclude`: regions of rows that no model learns from. A plain training is left out of every digest of
    params: so it was before.
    """

    rows: Literal["reference + accepted", "accepted"] = "reference + accepted"
    model: Literal["random_forest", "gradient_boosting", "logistic_regression", "network"] = "random_forest"
    trees: int = Field(100, ge=1, le=10_000)
    epochs: int = Field(30, ge=1, le=10_000, exclude_if=lambda epochs: epochs == 30)
    estimator: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$")
    params: dict[str, Any] = Field(default_factory=dict)
    trusts: tuple[str, ...] = ()
    method: Annotated[
        dict[str, dict[str, Any]],
        BeforeValidator(_with_fields),
        Field(min_length=1, max_length=1, exclude_if=lambda method: method == PLAIN_TRAINING),
    ] = PLAIN_TRAINING
    fairness: FairnessParams | None = Field(None, exclude_if=lambda fairness: fairness is None)
    exclude: tuple[KnownRegion, ...] = Field((), exclude_if=lambda regions: not regions)

    @model_validator(mode="after")
    def _one_model_is_named(self) -> Self:
        ours, theirs = ({"model", "trees", "epochs"}, {"params", "trusts"})
        if self.estimator is None and (stray := sorted(theirs & self.model_fields_set)):
            raise ValueError(f"'{stray[0]}' is of an estimator, and none is named")
        if self.estimator is not None and (stray := sorted(ours & self.model_fields_set)):
            raise ValueError(f"names both 'estimator' and '{stray[0]}'; keep one of them")
        return self

    @model_validator(mode="after")
    def _only_a_plain_training_of_ours_weighs(self) -> Self:
        weighs = self.fairness is not None and self.fairness.method == "reweighing"
        if weighs and (self.estimator is not None or self.method != PLAIN_TRAINING):
            raise ValueError("reweighing goes with the plain method and a model of Pratique's; take massaging")
        return self

    @property
    def name(self) -> str:
        """What the model is called, and by which method it is trained unless that is a plain one."""
        method = None if self.method == PLAIN_TRAINING else self.method_name
        fairness = None if self.fairness is None else self.fairness.method
        return ", ".join(filter(None, [self.estimator or self.model, method, fairness]))

    @property
    def method_name(self) -> str:
        """What the method of training is called."""
        return next(iter(self.method))

    @property
    def counts_trees(self) -> bool:
        """Whether `trees` says how large the model is."""
        return self.estimator is None and self.model not in ("logistic_regression", "network")


class EvaluateParams(Section):
    """How the models are compared on the holdout.

    `retrainings`: trainings of each model whose seeds differ, where its kind or method depends on a seed; every figure
    is their mean. `slices`: columns of the holdout by which the accuracy is told apart. `certificates`: whether it is
    certified how many sources, or batches, can't turn a prediction, by a vote of models of `partitions` parts.
    """

    retrainings: int = Field(3, ge=1, le=100)
    slices: tuple[str, ...] = ()
    certificates: Literal["source", "batch"] | None = None
    partitions: int = Field(25, ge=2, le=1000)


Rates = Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=1)]


class DrillParams(Section):
    """The drill: known poison in copies of trusted rows.

    `attacks`: one entry an exercise, named after its attack, or with the attack's name under `attack`; `rates`,
    `batches` and `poisoned_batches` of an entry replace those below; what else stands there are the attack's fields.
    Each run deals `batches` batches of `rows` rows out of the reference, each out of one fold of calibration. The share
    `poisoned_batches` of them comes in poisoned, at least one, and in these the share of rows that `rates` give, each
    in turn. `retrainings` runs train models on all of them; the first `repetitions` of these pass the gate, too: where
    none does, batches may have rows of any fold. `transfer`: the kinds of model on which poison that is optimised
    against another kind is tried.
    """

    attacks: dict[Annotated[str, Field(pattern="^[A-Za-z0-9_]+$")], dict[str, Any]] = Field(default_factory=dict)
    rates: Rates = (0.05, 0.2)
    repetitions: int = Field(3, ge=0, le=500)
    retrainings: int = Field(20, ge=1, le=500)
    batches: int = Field(6, ge=1, le=1000)
    poisoned_batches: float = Field(1 / 3, gt=0, le=1)
    rows: int = Field(100, ge=1)
    transfer: tuple[ModelKind, ...] = ()

    @model_validator(mode="after")
    def _every_repetition_is_trained(self) -> Self:
        if self.retrainings < self.repetitions:
            raise ValueError(f"retrainings must not be below repetitions, which are {self.repetitions}")
        return self


class Params(Section):
    """All of params.yaml. `checks` and `seed` apply everywhere; a check or an audit that is not named does not run."""

    seed: int = Field(0, ge=0, lt=2**32)
    data: DataParams
    alarms: AlarmParams = AlarmParams()
    limits: LimitParams = LimitParams()
    examination: ExaminationParams = ExaminationParams()
    shift: ShiftParams = ShiftParams()
    checks: dict[str, dict[str, Any]]
    sources: SourcesParams = SourcesParams()
    resent: RepeatPolicy = "warn"
    policy: PolicyParams = PolicyParams()
    review: ReviewParams = ReviewParams()
    signing: SigningParams = SigningParams()
    notify: NotifyParams = NotifyParams()
    gate: GateParams = GateParams()
    promote: PromoteParams = PromoteParams()
    train: TrainParams = TrainParams()
    evaluate: EvaluateParams = EvaluateParams()
    audits: dict[str, dict[str, Any]] = Field(default_factory=dict)
    requirements: dict[str, Requirement] = Field(default_factory=dict)
    drill: DrillParams = DrillParams()

    @property
    def trains(self) -> bool:
        """Whether the pipeline trains a model of its own: beside a team's own training there is no such section."""
        return "train" in self.model_fields_set


def load(path: Path = paths.PARAMS) -> Params:
    """Read params.yaml.

    Raises
    ------
    PratiqueError
        If the file is missing, is not YAML, repeats a key, or holds an unknown key or a wrong value;
        the message names the key.
    """
    if not path.is_file():
        raise PratiqueError(f"{path}: not found; run this in the pipeline's folder, or write one with `pratique init`")
    return parse(Params, read_yaml(path), str(path))
