"""Stage ingest: read untrusted bytes safely, write canonical Parquet."""

from pratique.pipeline.entry import run
from pratique.pipeline.ingest import main

if __name__ == "__main__":
    run(main)
