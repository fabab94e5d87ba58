"""The section `train.fairness` of params.yaml: how a model is kept from repeating what its rows say of a group."""

from typing import Literal

from pydantic import Field

from pratique.core.sections import Section


class GroupPair(Section):
    """A group, and the one that it is compared with: two levels of a column."""

    group: str = Field(min_length=1)
    against: str = Field(min_length=1)


class FairnessParams(GroupPair):
    """A mitigation in training alone.

    `method`: labels next to the line change, or rows weigh otherwise. `column` holds both levels, `favourable` is the
    label that counts as good.
    """

    method: Literal["massaging", "reweighing"]
    column: str
    favourable: str
