"""Which tables are pictures, and what is drawn of them."""

import base64
import struct
import zlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.dossier.pictures import LARGEST_SIDE, Pictures, png


def batch(values):
    names = [f"c{i}" for i in range(values.shape[1])]
    frame = pd.DataFrame(values, columns=names).assign(y="a")
    return Batch.from_frame("reference", frame, Layout("y", dict.fromkeys(names, "real")))


def decoded(data):
    """The greys of a PNG file, read by the standard and checked against its sums."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(kind + body)
        chunks[kind], at = body, at + 12 + size
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (4, 0)
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + (width + 1) // 2)
    return np.stack([lines[:, 1:] >> 4, lines[:, 1:] & 15], axis=2).reshape(height, -1)[:, :width]


def drawn(pictures, row):
    return decoded(base64.b64decode(pictures.draw(row).removeprefix("data:image/png;base64,")))


@pytest.mark.parametrize("side", [4, 5])
def test_a_png_holds_its_greys(side):
    greys = np.arange(side * side, dtype=np.uint8).reshape(side, side) % 16
    assert (decoded(png(greys)) == greys).all()


def test_digits_are_pictures_of_ink_on_paper(digits):
    pictures = Pictures.of(digits)
    assert pictures is not None
    assert (pictures.image, pictures.ink) == ((8, 8, 1), True)
    blank = np.zeros(64)
    assert (drawn(pictures, blank) == 15).all()
    blank[8] = 16.0
    assert drawn(pictures, blank)[1, 0] == 0


def test_shuffled_pixels_are_no_picture(digits):
    order = np.random.default_rng(0).permutation(64)
    assert Pictures.of(batch(digits.numeric[:, order])) is None


@pytest.mark.parametrize("columns", [9, 63, 64, 100])
def test_unrelated_numbers_are_no_picture(columns):
    assert Pictures.of(batch(np.random.default_rng(1).normal(size=(300, columns)))) is None


def test_numbers_that_all_go_together_are_no_picture():
    rng = np.random.default_rng(2)
    assert Pictures.of(batch(rng.normal(size=(300, 1)) + 0.1 * rng.normal(size=(300, 64)))) is None


def test_a_text_column_makes_it_a_table(digits):
    frame = digits.frame.drop(columns="pixel_0_0").assign(pixel_0_0="a")
    layout = Layout("digit", {**digits.layout.kinds, "pixel_0_0": "category"})
    assert Pictures.of(Batch.from_frame("reference", frame, layout)) is None


def test_what_is_declared_is_drawn_whatever_it_looks_like():
    values = np.random.default_rng(1).uniform(size=(300, 4 * 6 * 3))
    declared = batch(values)
    declared = replace(declared, layout=replace(declared.layout, image=(4, 6, 3)))
    pictures = Pictures.of(declared)
    assert pictures is not None
    assert pictures.image == (4, 6, 3)
    row = np.zeros(72)
    row[:3] = 1.0  # the three channels of the first pixel
    greys = drawn(replace(pictures, ink=False, low=0.0, high=1.0), row)
    assert greys.shape == (6, 6)
    assert greys[0].tolist() == [15, 0, 0, 0, 0, 0]
    assert (greys[1:4] == 0).all()
    assert (greys[4:] == 15).all()  # what makes it a square


def test_large_pictures_are_averaged_down():
    pictures = Pictures((100, 100, 1), low=0.0, high=1.0, ink=False)
    greys = drawn(pictures, np.ones(10_000))
    assert greys.shape[0] <= LARGEST_SIDE
    assert (greys == 15).all()


def test_what_is_missing_or_beyond_the_scale_is_drawn_at_its_ends():
    pictures = Pictures((4, 4, 1), low=0.0, high=10.0, ink=False)
    row = np.array([np.nan, -1e308, 1e308, np.inf, *[5.0] * 12])
    assert drawn(pictures, row).ravel()[:4].tolist() == [0, 0, 15, 15]
