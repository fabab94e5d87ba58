"""UCI Spambase as it travels in the package: 4,601 mails as 57 numbers, each mail called ham or spam.

M. Hopkins, E. Reeber, G. Forman, J. Suermondt, Spambase, UCI Machine Learning Repository, 1999,
doi 10.24432/C53G6X, licence CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). Changed: columns and classes go
by their names. No number and no order is changed.

    python -m pratique.scaffold.samples.spambase spambase.data

makes the table again from the file that UCI offers, or from a Parquet file with the same columns.
"""

import io
import lzma
import sys
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv

from pratique.core.errors import PratiqueError
from pratique.core.hashing import sha256_bytes
from pratique.core.writing import write_bytes
from pratique.scaffold.samples.sample import to_csv

TABLE = "spambase.csv.xz"
SHA256 = "636566b5e75a8c5ce32fe74144afe23d3cd32adcd5fe72b0f56a8e88b203f640"
"""Of the CSV file within."""

WORDS = (
    "make", "address", "all", "3d", "our", "over", "remove", "internet", "order", "mail", "receive", "will",
    "people", "report", "addresses", "free", "business", "email", "you", "credit", "your", "font", "000", "money",
    "hp", "hpl", "george", "650", "lab", "labs", "telnet", "857", "data", "415", "85", "technology", "1999",
    "parts", "pm", "direct", "cs", "meeting", "original", "project", "re", "edu", "table", "conference",
)  # fmt: skip
SHARES = (*(f"word_freq_{word}" for word in WORDS), *(f"char_freq_{mark}" for mark in ";([!$#"))
"""Of the words of a mail, or of its characters, in percent."""
RUNS = tuple(f"capital_run_length_{what}" for what in ("average", "longest", "total"))
"""Of capital letters: the mean of the lengths, the highest, and the sum."""
CLASS = "class"
CLASS_NAMES = ("ham", "spam")


def read_spambase() -> pa.Table:
    """All mails in UCI's order; shares and the mean as float64, the two counts as int64, the class as text."""
    packed = (files("pratique.scaffold.samples") / TABLE).read_bytes()
    kinds = {**dict.fromkeys((*SHARES, RUNS[0]), pa.float64()), **dict.fromkeys(RUNS[1:], pa.int64())}
    options = csv.ConvertOptions(column_types={**kinds, CLASS: pa.string()})
    return csv.read_csv(io.BytesIO(lzma.decompress(packed)), convert_options=options)


def pack(source: Path, place: Path) -> None:
    """Write the table from UCI's own file.

    Raises
    ------
    PratiqueError
        If what comes out is not the table that is described here.
    """
    frame = pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source, header=None)
    names = (*SHARES, *RUNS, CLASS)
    if len(frame.columns) != len(names):
        raise PratiqueError(f"{source}: {len(frame.columns)} columns; expected UCI's {len(names)}, the class last")
    *numbers, labels = frame.to_numpy(float).T
    columns = [*map(pa.array, numbers), pa.array([CLASS_NAMES[int(label)] for label in labels])]
    text = to_csv(pa.table(columns, names=names)).encode()
    if sha256_bytes(text) != SHA256:
        raise PratiqueError(f"{source}: not UCI's Spambase, or not in its order: SHA-256 {sha256_bytes(text)}")
    write_bytes(place, lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(__file__).with_name(TABLE))
