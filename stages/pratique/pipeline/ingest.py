"""Stage ingest: read untrusted bytes safely, hash them, write canonical Parquet."""

from pratique.tables.intake import ingest_all


def main() -> None:
    """Ingest everything in data/incoming."""
    ingest_all()
