"""What a figure of the model must reach: an entry of `requirements` in params.yaml."""

from typing import Self

from pydantic import Field, model_validator

from pratique.core.sections import Section


class Requirement(Section):
    """The least and the most that a figure may be; at least one of them."""

    min: float | None = Field(None, allow_inf_nan=False)
    max: float | None = Field(None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _bounds_something(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("a requirement takes min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        return self
