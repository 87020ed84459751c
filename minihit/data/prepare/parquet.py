"""Parquet files with a picture in every row, as the public hubs hand out CelebA. Needs the extra "parquet".

Which columns hold what is found by `minihit.data.prepare.columns`; the name of a file says its split.
"""

import contextlib
import io
import threading
from collections import Counter
from functools import lru_cache

from minihit.data.prepare import columns
from minihit.data.prepare.decode import reason
from minihit.data.prepare.entry import MAX_BYTES, Entry
from minihit.errors import UserError

MAX_GROUP = 2**31  # bytes of pictures that are unpacked together
KEPT = 2  # row groups in memory


class Parquet:
    """The rows of Parquet files as a source (see sources.py). An entry's place is (file, row group, row).

    column: the name of the one with the pictures, None where it is to be found. Files without it are passed over.
    """

    def __init__(self, path, files, column=None):
        self.path, self.others, self.passed, self.closed, self.doubts = path, [], Counter(), [], []
        self._columns = self._image_columns(files, column)
        self.files = [file for file in files if self._columns[file]]
        self.pictures = [entry for file in self.files for entry in self._entries(file)]
        self._lock = threading.Lock()
        self._group = lru_cache(KEPT)(self._read_group)

    def open(self, entry):
        """A binary file in memory. Raises ValueError, with the reason, where the row holds no picture."""
        file, group, row = entry.place
        with self._lock:
            value = self._group(file, group)[row].as_py()
        content = value["bytes"] if isinstance(value, dict) else value
        if content is None:
            named = value and value.get("path")
            raise ValueError("the row names a file and does not hold it" if named else "the row is empty")
        if len(content) > MAX_BYTES:
            raise ValueError(f"{len(content):,} bytes are more than {MAX_BYTES:,}")
        return io.BytesIO(content)

    def close(self):
        self._group.cache_clear()

    def columns(self):
        """(names, attributes int8 (pictures, names), classes, labels int32 (pictures,) or None) of all rows."""
        opened = [_open(file) for file in self.files]
        with _whole(self.path):
            names, attributes = columns.attributes(opened)
            return names, attributes, *columns.labels(opened)

    def _image_columns(self, files, wanted):
        """File -> the name of its column of pictures, or None. Raises UserError where no file has one."""
        found = {}
        for file in files:
            parquet = _open(file)
            with _whole(file):
                found[file] = columns.image_column(file, parquet, wanted)
        if not any(found.values()):
            with _whole(files[0]):
                raise columns.without_pictures(files[0], _open(files[0]), wanted)
        self.passed.update({".parquet without such pictures": n} if (n := list(found.values()).count(None)) else {})
        return found

    def _entries(self, file):
        parquet = _open(file)
        label = file.relative_to(self.path).as_posix() if file != self.path else file.name
        facts, first = file.stat(), 0
        for group in range(parquet.metadata.num_row_groups):
            rows = parquet.metadata.row_group(group).num_rows
            yield from (Entry(f"{label}/{first + row}", facts.st_size, (file, group, row), facts.st_mtime_ns)
                        for row in range(rows))
            first += rows

    def _read_group(self, file, group):
        """The pictures of a row group as an Arrow array."""
        parquet = _open(file)
        facts = parquet.metadata.row_group(group)
        if facts.total_byte_size > MAX_GROUP:
            raise ValueError(f"in a row group of {facts.total_byte_size:,} bytes, more than {MAX_GROUP:,}")
        return parquet.read_row_group(group, columns=[self._columns[file]]).column(0)


def _open(file):
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UserError('reading Parquet needs PyArrow: pip install "minihit[parquet]"') from error
    with _whole(file):
        return ParquetFile(file)


@contextlib.contextmanager
def _whole(file):
    """Turns whatever a damaged file makes Arrow raise into a UserError."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{file} is not a whole Parquet file ({reason(error)}): copy or download it again") from error
