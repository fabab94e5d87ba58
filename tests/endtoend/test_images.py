"""A project whose rows are images, each a PNG file in a cell: from `init` to the page of a batch that is held."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pratique.provenance.record import Record
from scipy import ndimage

pytestmark = pytest.mark.slow

CHECKS = (
    "checks: {schema: {}, image_statistics: {}, image_components: {}, image_random_encoder: {}, "
    "image_distillation: {}}\n\n"
)


def encode(pixels):
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def put(place, pictures, labels):
    frame = pd.DataFrame({"picture": [encode(each) for each in pictures], "digit": labels})
    frame.to_parquet(place, index=False)


@pytest.fixture(scope="module")
def cleared(new_project, digits):
    project = new_project()
    rows = digits.take(np.random.default_rng(0).permutation(len(digits))[:800])
    pictures, labels = 15 * rows.numeric.reshape(-1, 8, 8), rows.labels
    put(project.path("trusted.parquet"), pictures[:400], labels[:400])
    put(project.path("data/holdout/rows.parquet"), pictures[400:640], labels[400:640])
    put(project.path("data/incoming/camera/good.parquet"), pictures[640:700], labels[640:700])
    blurred = ndimage.gaussian_filter(pictures[700:760], (0, 0.8, 0.8))
    put(project.path("data/incoming/camera/blurred.parquet"), blurred, labels[700:760])
    huge = [*pictures[760:780], np.zeros((3000, 3000))]
    put(project.path("data/incoming/camera/huge.parquet"), huge, labels[760:781])
    done = project.pratique("init", ".", "--from", "trusted.parquet", "--label", "digit", "--image", "8x8")
    assert done.code == 0, done
    project.simplify(CHECKS)
    project.stages("calibrate", "ingest", "validate", "train", "evaluate", "audit", "report")
    return project


def facts_of(project, batch):
    return Record.read(project.root / f"data/records/camera/{batch}.json")


def test_init_writes_the_size_and_the_checks_of_images(new_project, digits):
    project = new_project()
    put(project.path("trusted.parquet"), 15 * digits.numeric[:60].reshape(-1, 8, 8), digits.labels[:60])
    told = ("init", ".", "--from", "trusted.parquet", "--label", "digit")
    assert "column 'picture' holds binary; expected numbers or text, or images where data.image says so" in (
        project.pratique(*told).complaint
    )
    assert project.pratique(*told, "--image", "eight").complaint.startswith("--image: expected HEIGHTxWIDTH")
    assert (
        project.pratique(*told, "--image", "8x2").complaint
        == "--image: width: input should be greater than or equal to 4, got 2"
    )
    assert project.pratique(*told, "--image", "8x8").code == 0
    text = (project.root / "params.yaml").read_text(encoding="utf-8")
    assert "\n  image: {height: 8, width: 8, channels: 1}" in text
    assert "\n  image_statistics: {}" in text
    assert "data.image is not what --image says" in project.pratique(*told, "--image", "4x16").complaint


def test_a_good_batch_is_accepted_and_its_record_says_how_it_was_read(cleared):
    good = facts_of(cleared, "good")
    assert good.verdict == "accept"
    assert any("images read as 64 pixels each, pixel_0_0 to pixel_7_7" in each.text for each in good.readings)
    assert pd.read_parquet(cleared.root / "data/accepted/camera/good.parquet").shape == (60, 65)
    done = cleared.pratique("check", "data/incoming/camera/good.parquet")
    assert "images read as 64 pixels each" in done.out, done


def test_blurred_images_are_held_and_the_page_says_why(cleared):
    found = facts_of(cleared, "blurred")
    assert found.verdict == "quarantine"
    alarms = {check.name for check in found.checks if check.alarm}
    assert {"image_statistics", "image_components", "image_distillation"} <= alarms
    page = (cleared.root / "data/reports/batches/camera/blurred.html").read_text(encoding="utf-8")
    assert "sharpness" in page


def test_an_image_that_is_too_large_is_refused_before_it_is_decoded(cleared):
    fault = facts_of(cleared, "huge").fault
    assert "row 20 (from 0): expected a PNG or JPEG file, 8 high, 8 wide, 1 channel of 8 bits" in fault
    assert "it says 3000 high, 3000 wide, L" in fault
    kept = cleared.root / "data/quarantine/camera/huge"
    assert any(kept.iterdir())


def test_a_model_learned_from_images(cleared):
    metrics = json.loads((cleared.root / "data/reports/metrics.json").read_text(encoding="utf-8"))
    assert metrics["accepted"]["accuracy"] > 0.85
