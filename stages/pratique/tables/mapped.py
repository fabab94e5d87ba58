"""Large tables: they lie in a temporary file, of which the system maps into memory what is used."""

from collections.abc import Iterable
from tempfile import NamedTemporaryFile, gettempdir

import pyarrow as pa

from pratique.core.errors import PratiqueError


def map_table(schema: pa.Schema, parts: Iterable[pa.Table]) -> pa.Table:
    """Write a table part by part, and map it.

    The file has no name any more when this returns; the system removes it with the table's last buffer. It lies where
    temporary files do (`TMPDIR`), and has the table's size, uncompressed.

    Parameters
    ----------
    schema : pyarrow.Schema
    parts : iterable of pyarrow.Table
        Of this schema.

    Raises
    ------
    PratiqueError
        If there is no room for it.
    """
    with NamedTemporaryFile(prefix="pratique-", suffix=".arrow") as file:
        with pa.ipc.new_file(file.name, schema) as writer:
            for part in parts:
                try:
                    writer.write_table(part.combine_chunks())
                except OSError as error:
                    where = f"{gettempdir()}: no room for a table of this size ({error.strerror or error})"
                    raise PratiqueError(f"{where}; make room, or name another folder in TMPDIR") from error
        return pa.ipc.open_file(pa.memory_map(file.name)).read_all()
