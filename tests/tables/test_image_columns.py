"""Images in a column of a Parquet file become columns of pixels, or the file is refused in words."""

import io
import struct
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pratique.core.errors import UnreadableBatch
from pratique.core.image_params import ImageParams
from pratique.core.params import DataParams
from pratique.tables import limits
from pratique.tables.image_columns import name_pixels
from pratique.tables.intake import ingest
from pratique.tables.reading import read_file, read_trusted

GREY, COLOUR = (4, 5, 1), (4, 5, 3)


def pixels_of(image, rows=3):
    return np.random.default_rng(0).integers(0, 256, (rows, *image), np.uint8)


def encoded(pixels, kind="PNG", **told):
    out = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(out, kind, **told)
    return out.getvalue()


def written(path, cells, **others):
    pq.write_table(pa.table({"id": list(range(len(cells))), "image": cells, **others}), path)
    return path


def read_pixels(path, image):
    found = read_file(path, image=image)
    return found.table.select(name_pixels(image)).to_pandas().to_numpy(), found


@pytest.mark.parametrize("image", [GREY, COLOUR])
def test_png_files_become_pixels_and_that_is_said(tmp_path, image):
    pixels = pixels_of(image)
    path = written(tmp_path / "b.parquet", pa.array(map(encoded, pixels), pa.binary()))
    got, found = read_pixels(path, image)
    np.testing.assert_array_equal(got, pixels.reshape(3, -1))
    first, last = ("pixel_0_0", "pixel_3_4") if image == GREY else ("pixel_0_0_0", "pixel_3_4_2")
    told = f"'image': images read as {got.shape[1]} pixels each, {first} to {last} (data.image)"
    assert found.readings == (told,)
    assert found.table.column_names == ["id", *name_pixels(image)]
    assert set(found.table.schema.types) == {pa.int64()}


def test_jpeg_files_become_the_pixels_that_they_hold(tmp_path):
    pixels = np.full((1, *GREY), 200, np.uint8)
    got, _ = read_pixels(written(tmp_path / "b.parquet", pa.array([encoded(pixels[0], "JPEG")])), GREY)
    np.testing.assert_array_equal(got, 200)


@pytest.mark.parametrize("kind", [pa.list_(pa.uint8(), 20), pa.list_(pa.float32()), pa.large_list(pa.int32())])
def test_lists_become_pixels_and_a_missing_image_is_missing(tmp_path, kind):
    cells = [[*range(20)], None, [*range(20, 39), None]]
    got, found = read_pixels(written(tmp_path / "b.parquet", pa.array(cells, kind)), GREY)
    np.testing.assert_array_equal(got[0], range(20))
    assert np.isnan(got[1]).all()
    np.testing.assert_array_equal(got[2, :-1], range(20, 39))
    assert np.isnan(got[2, -1])
    assert set(found.table.schema.types) <= {pa.int64(), pa.float64()}


def test_a_missing_file_is_missing_and_equal_ones_are_decoded_alike(tmp_path):
    pixels = pixels_of(GREY, 2)
    files = [encoded(each) for each in pixels]
    cells = pa.array([files[0], None, files[1], files[0]], pa.binary())
    path = tmp_path / "b.parquet"
    pq.write_table(pa.table({"image": cells}), path, row_group_size=2)
    got, _ = read_pixels(path, GREY)
    np.testing.assert_array_equal(got[[0, 3]], np.stack([pixels[0].ravel()] * 2))
    np.testing.assert_array_equal(got[2], pixels[1].ravel())
    assert np.isnan(got[1].astype(float)).all()


def made_png(height, width, bits, colour, lines):
    """A PNG file that says of itself what it is told to say."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    parts = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def animated():
    out = io.BytesIO()
    frames = [Image.fromarray(each.squeeze()) for each in pixels_of(GREY, 2)]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    return out.getvalue()


BAD = {
    "a bomb": (lambda: made_png(30_000, 30_000, 8, 0, bytes(30_000)), "it says that it is far larger"),
    "another size": (lambda: encoded(pixels_of((5, 4, 1))[0]), "it says 5 high, 4 wide, L"),
    "colour": (lambda: encoded(pixels_of(COLOUR)[0]), "it says 4 high, 5 wide, RGB"),
    "16 bits": (lambda: encoded(np.zeros((4, 5), np.uint16)), "I;16"),
    "one bit": (lambda: encoded(pixels_of(GREY)[0] > 100), "it says 4 high, 5 wide, 1"),
    "four bits": (lambda: made_png(4, 5, 4, 0, bytes(16)), "other bits"),
    "several frames": (animated, "several frames"),
    "another format": (lambda: encoded(pixels_of(GREY)[0], "BMP"), "of another format"),
    "cut short": (lambda: encoded(pixels_of(GREY)[0])[:-30], "damaged"),
    "no image": (lambda: b"hello", "damaged"),
    "nothing": (lambda: b"", "damaged"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_image_of_that_size_is_refused_by_row(tmp_path, case):
    make, words = BAD[case]
    good = encoded(pixels_of(GREY)[0])
    path = written(tmp_path / "b.parquet", pa.array([good, good, make()], pa.binary()))
    with pytest.raises(UnreadableBatch, match=r"b.parquet: column 'image', row 2 \(from 0\)") as refused:
        read_file(path, image=GREY)
    assert words in str(refused.value)


def test_no_pixel_of_a_bomb_is_decoded(tmp_path, monkeypatch):
    large = encoded(np.zeros((2_000, 2_000), np.uint8))
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    with pytest.raises(UnreadableBatch, match="it says 2000 high, 2000 wide"):
        read_file(written(tmp_path / "b.parquet", pa.array([large])), image=GREY)


def test_a_file_of_too_many_bytes_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr("pratique.tables.image_columns.MAX_CELL_BYTES", 50)
    with pytest.raises(UnreadableBatch, match="at most 50 are read"):
        read_file(written(tmp_path / "b.parquet", pa.array([encoded(pixels_of(GREY)[0])])), image=GREY)


def test_pixels_count_as_cells_before_any_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_CELLS", 40)
    with pytest.raises(UnreadableBatch, match="21 columns, 63 cells"):
        read_file(written(tmp_path / "b.parquet", pa.array([b"x"] * 3)), image=GREY)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"mask": [b"x"]}, "2 columns hold bytes or lists; one of images is read"),
        ({"pixel_0_0": [1]}, "a column of images beside columns of pixels"),
    ],
)
def test_images_are_told_from_everything_else(tmp_path, others, words):
    path = written(tmp_path / "b.parquet", pa.array([encoded(pixels_of(GREY)[0])]), **others)
    with pytest.raises(UnreadableBatch, match=words):
        read_file(path, image=GREY)


def test_lists_of_another_length_are_refused_by_row(tmp_path):
    path = written(tmp_path / "b.parquet", pa.array([[*range(20)], [1, 2]]))
    with pytest.raises(UnreadableBatch, match=r"row 1 \(from 0\): 2 pixels; data.image says 20"):
        read_file(path, image=GREY)


def test_rows_that_are_no_images_are_read_as_ever(tmp_path):
    path = written(tmp_path / "b.parquet", pa.array([b"x"]))
    with pytest.raises(UnreadableBatch, match="column 'image' holds binary"):
        read_file(path)
    assert read_file(path, ("image",), image=GREY).table.column_names == ["id"]


def test_ingest_notes_what_was_read_and_trusted_rows_may_be_images_too(tmp_path):
    (tmp_path / "camera").mkdir()
    data = DataParams(label="id", image=ImageParams(height=4, width=5))
    path = written(tmp_path / "camera/w1.parquet", pa.array(map(encoded, pixels_of(GREY)), pa.binary()))
    rows, note = ingest(path, tmp_path / "batches", data)
    assert "images read as 20 pixels each" in note.read_text()
    assert pq.read_table(rows).equals(read_trusted(path.parent, image=GREY))


def test_colours_of_16_bits_are_not_made_8_silently(tmp_path):
    deep = made_png(4, 5, 16, 2, bytes(4 * (1 + 5 * 6)))
    with pytest.raises(UnreadableBatch, match="other bits"):
        read_file(written(tmp_path / "b.parquet", pa.array([deep])), image=COLOUR)
