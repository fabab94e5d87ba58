"""What docs/performance.md says of `pratique check` is what was measured."""

import re
from pathlib import Path

import pandas as pd

DOCS = Path(__file__).parents[2] / "docs"
LINE = re.compile(
    r"^\| ([\d,]+) \| (\w+) \| ([\d.]+) s, ([\d,]+) MiB \| ?([\d.]*) ?\|(?: ([\d.]+) s, ([\d,]+) MiB \| ([\d.]+) \|)?"
)


def test_the_table_is_that_of_the_results():
    found = pd.read_csv(DOCS / "experiments" / "check_time.csv")
    medians = found.groupby(["rows", "odd", "who"])[["seconds", "mebibytes", "auroc"]].median()
    lines = [match.groups() for match in map(LINE.match, (DOCS / "performance.md").read_text().splitlines()) if match]
    assert len(lines) == len(medians.groupby(level=["rows", "odd"]))
    for rows, odd, *told in lines:
        for who, (seconds, mebibytes, auroc) in zip(("pratique", "joined script"), (told[:3], told[3:]), strict=True):
            if seconds is None:
                continue
            real = medians.loc[(int(rows.replace(",", "")), odd, who)]
            assert abs(float(seconds) - real["seconds"]) <= 0.051
            assert abs(int(mebibytes.replace(",", "")) - real["mebibytes"]) <= 1
            assert not auroc or abs(float(auroc) - real["auroc"]) <= 0.0006
