"""What every source gives: the files in it, each with a name and a place of its own."""

from dataclasses import dataclass
from typing import Any

MAX_BYTES = 2**28  # of a packed picture: a zip may claim any length


@dataclass(frozen=True)
class Entry:
    """A file of a source. name: its path below the source, with forward slashes; length: in bytes.

    changed: time in ns of the last change of its file, or of the one that it is packed in; checksum: where it has one.
    """

    name: str
    length: int
    place: Any = None  # where its source finds it
    changed: int = 0
    checksum: int = 0
