"""What is kept from one run to the next, each file with a digest behind it: a damaged one is as good as none.

It is no output, may be deleted at any time, and is worked out anew. Its place follows from all that it depends on, the
code of the program included, so that no other version reads it.
"""

from hashlib import sha256
from pathlib import Path

from pratique.core.writing import write_bytes


def write_cached(path: Path, content: bytes) -> None:
    """Write some bytes, and their digest behind them."""
    write_bytes(path, content + sha256(content).digest())


def read_cached(path: Path) -> bytes | None:
    """The bytes that were written; None where there are none, or they are damaged."""
    try:
        whole, size = path.read_bytes(), sha256().digest_size
    except OSError:
        return None
    content, digest = whole[:-size], whole[-size:]
    return content if sha256(content).digest() == digest else None
