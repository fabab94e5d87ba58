"""Rows that are images: what params.yaml says of them."""

from pydantic import Field

from pratique.core.sections import Section

ImageSize = tuple[int, int, int]
"""Height, width and channels of a row that is an image."""


class ImageParams(Section):
    """Rows that are images: their features are pixels, line by line, the channels of a pixel side by side."""

    height: int = Field(ge=4, le=4096)
    width: int = Field(ge=4, le=4096)
    channels: int = Field(1, ge=1, le=16)

    @property
    def size(self) -> ImageSize:
        """As rows are arranged."""
        return self.height, self.width, self.channels
