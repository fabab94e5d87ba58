"""A sample as it is written to disk, read back."""

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from pratique.core.writing import write_text
from pratique.scaffold.samples.batches import BatchPlan
from pratique.scaffold.samples.folder import SAMPLES, sample_files
from pratique.tables.reading import read_table

Row = tuple[str, ...]


@dataclass(frozen=True)
class WrittenSample:
    """The folder of a sample, and its rows as text."""

    root: Path
    name: str

    @property
    def data(self) -> Path:
        return self.root / "data"

    @cached_property
    def truth(self) -> dict[str, list[int]]:
        """The poisoned positions of each batch, by truth.csv."""
        found = defaultdict(list)
        for line in csv.DictReader(io.StringIO((self.data / "truth.csv").read_text(encoding="utf-8"))):
            found[line["batch"]].append(int(line["row"]))
        return found

    def columns(self) -> list[str]:
        return read_table(self.data / f"reference/{self.name}.csv").column_names

    def rows(self, place: str) -> list[Row]:
        """The rows of a file below data/; the last cell is the label."""
        table = read_table(self.data / f"{place}.csv")
        assert table.column_names == self.columns()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def trusted(self, folder: str) -> list[Row]:
        return self.rows(f"{folder}/{self.name}")

    def batch(self, plan: BatchPlan) -> list[Row]:
        return self.rows(f"incoming/{plan.name}")

    def clean_rows(self, plan: BatchPlan) -> list[Row]:
        return [row for i, row in enumerate(self.batch(plan)) if i not in self.truth[plan.name]]

    def poisoned_rows(self, plan: BatchPlan) -> list[Row]:
        return [self.batch(plan)[i] for i in self.truth[plan.name]]


@pytest.fixture(scope="session")
def write(tmp_path_factory):
    """Write the files of a sample, without a repository."""

    def to_folder(name):
        root = tmp_path_factory.mktemp(name)
        for place, text in sample_files(SAMPLES[name]()).items():
            write_text(root / place, text)
        return WrittenSample(root, name)

    return to_folder
