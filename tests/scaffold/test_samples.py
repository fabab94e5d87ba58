"""What holds for every sample: its files agree with each other, and with the ones that this repository holds."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pratique.core import paths
from pratique.core.batch import Batch
from pratique.core.documents import parse_yaml
from pratique.core.layout import Layout
from pratique.core.params import DataParams, load
from pratique.quarantine.sources import load_inventory
from pratique.scaffold.project import pipeline_files
from pratique.scaffold.proposals import understand
from pratique.scaffold.samples.batches import BatchPlan, make_batches, split
from pratique.scaffold.samples.folder import SAMPLES, sample_files
from pratique.tables.reading import read_trusted
from pratique.tables.trusted import layout_of

REPOSITORY = Path(__file__).parents[2]
OWN_SECTIONS = {"iris": ("checks",), "digits-backdoor": ("data", "checks", "audits")}
LAYOUT = Layout("kind", {"number": "integer"})


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request, write):
    return write(request.param)


def infer_files(rows, data):
    specs = understand(rows, data, propose=False).specs
    return pipeline_files(Batch("reference", rows, layout_of(rows, data, specs)), data, specs, {})


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_labels_that_come_apart_are_a_dependency_of_ingest():
    rows = pa.table({"id": ["a", "b"] * 20, "number": [i % 7 for i in range(40)], "kind": ["u", "v"] * 20})
    apart = infer_files(rows, DataParams(label="kind", id="id", labels_from="data/labels"))[paths.PIPELINE]
    plain = infer_files(rows, DataParams(label="kind", id="id"))[paths.PIPELINE]
    assert [line.strip() for line in apart.splitlines() if line not in plain.splitlines()] == ["- data/labels"]


def test_written_again_it_is_the_same_bytes(sample):
    again = {place: text.encode() for place, text in sample_files(SAMPLES[sample.name]()).items()}
    assert files(sample.root) == again


def test_the_expectations_are_those_that_init_infers_from_its_rows(sample):
    data = load(sample.root / paths.PARAMS).data
    rows = read_trusted(sample.root / paths.REFERENCE)
    inferred = infer_files(rows, data)
    for place in (paths.COLUMNS, paths.SCHEMA, paths.SUITE, paths.PIPELINE):
        assert (sample.root / place).read_text(encoding="utf-8") == inferred[place]


def test_its_params_name_every_section_that_its_pipeline_depends_on(sample):
    stages = parse_yaml((sample.root / paths.PIPELINE).read_text(encoding="utf-8"), "dvc.yaml")["stages"]
    wanted = {section for stage in stages.values() for section in stage.get("params", [])}
    assert wanted <= parse_yaml((sample.root / paths.PARAMS).read_text(encoding="utf-8"), "params.yaml").keys()


def test_its_params_are_those_of_init_but_for_model_requirements_and_drill(sample, tmp_path):
    params = load(sample.root / paths.PARAMS)
    rows = read_trusted(sample.root / paths.REFERENCE)
    path = tmp_path / "params.yaml"
    path.write_text(infer_files(rows, params.data)[paths.PARAMS])
    own = ("seed", "policy", "train", "requirements", "drill", *OWN_SECTIONS.get(sample.name, ()))
    same = {name: getattr(params, name) for name in own}
    assert params == load(path).model_copy(update=same)


def test_it_has_an_entry_for_each_source_and_no_other(sample):
    delivered = {path.parent.name for path in (sample.root / paths.INCOMING).glob("*/*.csv")}
    assert set(load_inventory(sample.root / paths.SOURCES)) == delivered


def test_the_files_are_plain_and_small(sample):
    rows = {place: text for place, text in files(sample.root).items() if place.suffix == ".csv"}
    assert sum(map(len, rows.values())) < 1_000_000
    assert not any(b"\r" in text or b'"' in text for text in rows.values())
    assert all(text.endswith(b"\n") for text in rows.values())


@pytest.mark.parametrize("name", ["spam", "digits"])
def test_every_budget_is_spent_and_the_page_lists_every_batch_with_its_truth(write, name):
    sample = write(name)
    page = (sample.data / "README.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.count("/2026-w")]
    assert len(lines) == len(list(sample.data.glob("incoming/*/*.csv"))) == 25
    for line in lines:
        _, batch, size, story, count, positions, _ = (cell.strip() for cell in line.split("|"))
        truth = sample.truth[batch]
        assert int(size) == len(sample.rows(f"incoming/{batch}"))
        assert (int(count), positions) == (len(truth), ", ".join(map(str, truth)) or "none")
        rate = float(story.partition("at ")[2] or 0)
        inserted = len(truth) if "insertion" in story else 0
        assert len(truth) == int(rate * (int(size) - inserted) + 0.5), line


def test_this_repository_holds_the_sample_of_spam(write):
    for place, text in files(write("spam").root).items():
        if place != paths.PIPELINE:
            assert (REPOSITORY / place).read_bytes() == text, place
    counts = [len(files(REPOSITORY / place)) for place in (paths.REFERENCE, paths.HOLDOUT, paths.INCOMING)]
    assert counts == [1, 1, 25]


# how batches are made


def numbered(count):
    """Rows of two classes, each with a number of its own."""
    kinds = np.where(np.arange(count) % 5 == 0, "rare", "common")
    table = {"number": np.arange(count), "kind": kinds}
    return Batch.from_frame("rows", pd.DataFrame(table), LAYOUT)


def numbers(batch):
    return batch.numeric[:, 0].astype(int).tolist()


def test_a_split_deals_every_row_once_and_each_class_in_its_share():
    parts = split(numbered(100), 20, 30)
    assert [len(part) for part in parts] == [20, 30, 50]
    assert [int((part.labels == "rare").sum()) for part in parts] == [4, 6, 10]
    assert sorted(number for part in parts for number in numbers(part)) == list(range(100))


def test_batches_share_no_row_unless_one_repeats_another():
    plans = [
        BatchPlan("a", "1", 20),
        BatchPlan("a", "2", 10, classes=("rare",), share=0.8),
        BatchPlan("b", "1", 20, "label_flip", 0.25),
        BatchPlan("b", "2", 20, repeats="a/1"),
    ]
    first, shifted, flipped, again = make_batches(numbered(100), plans)
    assert numbers(again.result.batch) == numbers(first.result.batch)
    used = [number for made in (first, shifted, flipped) for number in numbers(made.result.batch)]
    assert len(set(used)) == len(used) == 50
    assert (shifted.result.batch.labels == "rare").sum() == 8
    assert len(flipped.result.rows) == 5


def test_an_honest_shift_takes_from_all_that_is_left():
    """Taken from the front, its class would be rare in the next batch."""
    plans = [BatchPlan("a", "1", 40, classes=("rare",), share=1), BatchPlan("a", "2", 100)]
    _, after = make_batches(numbered(1000), plans)
    assert 10 <= (after.result.batch.labels == "rare").sum() <= 24


def test_layout_of_a_sample_is_what_its_reference_teaches(write):
    from pratique.scaffold.samples.digits import DIGIT_LAYOUT
    from pratique.scaffold.samples.spam import MAIL_LAYOUT

    for name, layout in (("digits", DIGIT_LAYOUT), ("spam", MAIL_LAYOUT)):
        rows = read_trusted(write(name).root / paths.REFERENCE)
        learned = layout_of(rows, DataParams(label=layout.label))
        assert (learned.label, learned.kinds) == (layout.label, layout.kinds)
