"""Parquet files with a picture in every row, as the public hubs hand out CelebA. Needs the extra "parquet".

Pictures are a column of bytes, or of records with a field `bytes`. Columns of booleans, and of integers -1, 0 and 1,
are attributes; an integer column `label` is the class; the name of a file says its split.
"""

import contextlib
import io
import threading
from functools import lru_cache

import numpy as np

from minihit.data.prepare.decode import reason
from minihit.data.prepare.sources import MAX_BYTES, Entry
from minihit.errors import UserError

MAX_GROUP = 2**31  # bytes of pictures that are unpacked together
KEPT = 2  # row groups in memory
MOST_CLASSES = 2**16


class Parquet:
    """The rows of Parquet files as a source (see sources.py). An entry's place is (file, row group, row)."""

    def __init__(self, path, files):
        self.path, self.files, self.others = path, files, []
        self.pictures = [entry for file in files for entry in self._entries(file)]
        self._lock = threading.Lock()
        self._group = lru_cache(KEPT)(self._read_group)

    def open(self, entry):
        """A binary file in memory. Raises ValueError, with the reason, where the row holds no picture."""
        file, group, row = entry.place
        with self._lock:
            value = self._group(file, group)[row].as_py()
        content = value["bytes"] if isinstance(value, dict) else value
        if content is None:
            raise ValueError("the row is empty")
        if len(content) > MAX_BYTES:
            raise ValueError(f"{len(content):,} bytes are more than {MAX_BYTES:,}")
        return io.BytesIO(content)

    def close(self):
        self._group.cache_clear()

    def columns(self):
        """(names, attributes int8 (pictures, names), labels int32 (pictures,) or None) of all rows."""
        tables = [_plain_columns(file) for file in self.files]
        names = [name for name in tables[0] if name != "label" and all(_is_attribute(t.get(name)) for t in tables)]
        attributes = [_signs(np.concatenate([table[name] for table in tables])) for name in names]
        labels = [table["label"] for table in tables if "label" in table]
        known = len(labels) == len(tables) and all(_is_class(column) for column in labels)
        return (names, np.stack(attributes, axis=1) if names else None,
                np.concatenate(labels).astype(np.int32) if known else None)

    def _entries(self, file):
        parquet = _open(file)
        _image_column(file, parquet)
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
        column = _image_column(file, parquet)
        facts = parquet.metadata.row_group(group)
        if facts.total_byte_size > MAX_GROUP:
            raise ValueError(f"in a row group of {facts.total_byte_size:,} bytes, more than {MAX_GROUP:,}")
        return parquet.read_row_group(group, columns=[column]).column(0)


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
    except Exception as error:
        raise UserError(f"{file} is not a whole Parquet file ({reason(error)}): copy or download it again") from error


def _image_column(file, parquet):
    """The name of the column of pictures."""
    from pyarrow import types

    def holds_bytes(kind):
        if types.is_struct(kind):
            return kind.get_field_index("bytes") >= 0
        return types.is_binary(kind) or types.is_large_binary(kind)

    with _whole(file):
        schema = parquet.schema_arrow
    columns = [field.name for field in schema if holds_bytes(field.type)]
    if not columns:
        raise UserError(f"{file} has no column of pictures, only {', '.join(schema.names)}: "
                        "give files with image bytes")
    return "image" if "image" in columns else columns[0]


def _plain_columns(file):
    """Name -> NumPy array of every column of booleans or integers without gaps."""
    from pyarrow import types

    parquet = _open(file)
    with _whole(file):
        names = [field.name for field in parquet.schema_arrow
                 if types.is_boolean(field.type) or types.is_integer(field.type)]
        table = parquet.read(columns=names)
        return {name: table[name].to_numpy() for name in names if not table[name].null_count}


def _is_attribute(column):
    return column is not None and (column.dtype == bool or np.isin(column, (-1, 0, 1)).all())


def _is_class(column):
    return column.dtype.kind in "iu" and column.min(initial=0) >= -1 and column.max(initial=0) < MOST_CLASSES


def _signs(column):
    """1 and -1 of booleans; integers as they are, unless they are 0 and 1."""
    return (np.where(column, 1, -1) if column.dtype == bool or column.min() >= 0 else column).astype(np.int8)
