"""What the models of one kind say of the holdout, and how good that is: figures for any weights of the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pratique.contract.trigger import Trigger
from pratique.core.batch import Batch
from pratique.training.models import Model

SUCCESS = "trigger_success"


@dataclass(frozen=True)
class Hits:
    """What one trigger does.

    Attributes
    ----------
    victims : ndarray of int
        Positions of the holdout's rows that it should turn.
    turned : ndarray of bool, shape (trainings, victims)
        Those that a model takes for the trigger's class.
    """

    victims: np.ndarray
    turned: np.ndarray


@dataclass(frozen=True)
class Answers:
    """The answers of one model's trainings.

    Attributes
    ----------
    predicted : ndarray of str, shape (trainings, rows)
    positive : ndarray of float, shape (trainings, rows), optional
        The probability of the second class, where holdout and models have the same two, and the models tell it.
    hits : tuple of Hits
        What each trigger does.
    """

    predicted: np.ndarray
    positive: np.ndarray | None
    hits: tuple[Hits, ...] = ()

    @classmethod
    def of(cls, models: Sequence[Model], holdout: Batch, triggers: Sequence[Trigger] = ()) -> "Answers":
        """Ask models about the holdout, as it is and with each trigger in it."""
        classes = np.unique(holdout.labels)
        two = len(classes) == 2 and all(np.array_equal(model.classes, classes) for model in models)
        chances = [model.probabilities(holdout) for model in models] if two else []
        told = [each[:, 1] for each in chances if each is not None]
        positive = np.array(told) if told else None
        hits = tuple(_try(trigger, models, holdout) for trigger in triggers)
        return cls(np.array([model.predict(holdout) for model in models]), positive, hits)


def _try(trigger: Trigger, models: Sequence[Model], holdout: Batch) -> Hits:
    stamped = trigger.stamp(holdout)
    turned = [model.predict(stamped) == trigger.target if len(stamped) else np.zeros(0, bool) for model in models]
    return Hits(trigger.victims(holdout.labels), np.array(turned))


def score_answers(
    answers: Answers, labels: np.ndarray, groups: Mapping[str, np.ndarray], weights: np.ndarray, by_class: bool = True
) -> dict[str, np.ndarray]:
    """Accuracy, macro means, recall by class, AUC of two classes, accuracy by group, mean success of triggers.

    Parameters
    ----------
    answers : Answers
    labels : ndarray of str, shape (rows,)
    groups : mapping of str to ndarray of bool, shape (rows,)
    weights : ndarray of float, shape (draws, rows)
        How often each row counts.
    by_class : bool
        Whether classes may be named.

    Returns
    -------
    dict of str to ndarray, shape (trainings, draws)
        A class without a row or never predicted counts as 0, a group without a row as 0.
    """
    right = answers.predicted == labels
    macro, recall = _by_class(answers.predicted, labels, weights)
    found = {"accuracy": mean_of(right, weights)} | macro | (recall if by_class else {})
    if answers.positive is not None:
        positive = labels == np.unique(labels)[-1]
        found["auc"] = np.array([weigh_auc(scores, positive, weights) for scores in answers.positive])
    found |= {name: mean_of(right[:, inside], weights[:, inside]) for name, inside in groups.items()}
    if answers.hits:
        found[SUCCESS] = np.mean([mean_of(hit.turned, weights[:, hit.victims]) for hit in answers.hits], axis=0)
    return found


def weigh_auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The chance that a positive row scores above a negative one, a tie counting half, for each line of weights.

    Source: Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143 (1982).

    Examples
    --------
    >>> scores, positive = np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, True, False, True])
    >>> weigh_auc(scores, positive, np.ones((1, 4)))
    array([0.875])
    """
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    ordered, is_positive = weights[:, order].astype(float), positive[order]
    above, below = (np.add.reduceat(ordered * side, starts, axis=1) for side in (is_positive, ~is_positive))
    beaten = np.cumsum(below, axis=1) - below / 2
    return _ratio((above * beaten).sum(axis=1), above.sum(axis=1) * below.sum(axis=1))


def _by_class(
    predicted: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Macro means, and the recall of each class."""
    classes = np.unique(labels)
    actual = labels[:, None] == classes
    there = weights @ actual.astype(np.float32)
    precision, recall = (np.empty((len(classes), len(predicted), len(weights))) for _ in range(2))
    for training, answers in enumerate(predicted):
        said = answers[:, None] == classes
        hits = weights @ (said & actual).astype(np.float32)
        precision[:, training] = _ratio(hits, weights @ said.astype(np.float32)).T
        recall[:, training] = _ratio(hits, there).T
    macro = {
        "precision_macro": precision.mean(axis=0),
        "recall_macro": recall.mean(axis=0),
        "f1_macro": _ratio(2 * precision * recall, precision + recall).mean(axis=0),
    }
    return macro, {f"recall_{name}": recall[i] for i, name in enumerate(classes.tolist())}


def mean_of(right: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted share of what is right: bool of shape (trainings, rows) to float of shape (trainings, draws)."""
    return _ratio(right.astype(np.float32) @ weights.T, weights.sum(axis=1))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The quotient, 0 where the whole is 0."""
    whole = np.broadcast_to(whole, np.shape(part))
    return np.divide(part, whole, out=np.zeros(np.shape(part)), where=whole > 0)
