"""What a page carries where people decide on it, which is in the review server."""

from dataclasses import dataclass

from pratique.decisions.decision import Decision


@dataclass(frozen=True)
class DecisionForm:
    """The form of a page.

    Attributes
    ----------
    guard : str
        What shows that a form was sent by a page of the session.
    pending : tuple of Decision
        What was decided since the last run of the pipeline, as far as it concerns the page.
    """

    guard: str
    pending: tuple[Decision, ...]
