"""What the columns of Parquet files hold: pictures, attributes, classes.

Pictures are a column of records with a field `bytes`, or of bytes that open as pictures. Columns of booleans, and of
integers -1, 0 and 1, are attributes. A class is a column that the hubs' metadata call a ClassLabel, which keeps the
names, or one called `label`, of integers or words.
"""

import contextlib
import io
import json

import numpy as np

from minihit.data.prepare.formats import is_picture
from minihit.errors import UserError

IMAGE, LABEL = "image", "label"
LOOKED_AT = 8  # rows
MOST_CLASSES, FEW_CLASSES = 2**16, 100


def image_column(file, parquet, wanted=None):
    """The name of the column of pictures; None where there is none. wanted: the one that the user named.

    An opening column called `image` comes first, then the only one of records, then the only one that opens.
    Raises UserError where several could be meant.
    """
    records, plain = _columns_of_bytes(parquet.schema_arrow)
    if wanted:
        return wanted if wanted in records + plain else None
    if len(records + plain) <= 1:
        return next(iter(records + plain), None)
    opening = [name for name in records + plain if _opens(parquet, name)] or records or plain
    for choice in ([name for name in opening if name == IMAGE], [name for name in opening if name in records], opening):
        if len(choice) == 1:
            return choice[0]
    raise UserError(f"{file} has several columns of pictures, {', '.join(opening)}: name one with --column")


def without_pictures(file, parquet, wanted):
    """The UserError for a file in which `image_column` finds nothing."""
    what = f"no column of pictures called {wanted}" if wanted else "no column of pictures"
    return UserError(f"{file} has {what}, only {', '.join(parquet.schema_arrow.names)}: "
                     f"{'name one of these with --column' if wanted else 'give files with image bytes'}")


def attributes(files):
    """Names, and int8 (rows, names) or None, of the columns of signs that all files have, without gaps."""
    tables = [_plain(parquet) for parquet in files]
    taken = _label_column(files[0])
    names = [name for name in tables[0] if name not in (LABEL, taken) and all(_signs(t.get(name)) for t in tables)]
    columns = [_as_signs(np.concatenate([table[name] for table in tables])) for name in names]
    return names, np.stack(columns, axis=1) if names else None


def labels(files):
    """Classes, and int32 (rows,), places in them and -1 where unknown; [] and None where the files have no classes."""
    name = _label_column(files[0])
    if any(name not in parquet.schema_arrow.names for parquet in files):
        return [], None
    values = [-1 if value is None else value
              for parquet in files for value in parquet.read(columns=[name]).column(0).to_pylist()]
    if all(isinstance(value, str) or value == -1 for value in values):
        return _numbered(values)
    if not all(type(value) is int and -1 <= value < MOST_CLASSES for value in values):
        return [], None
    known, needed = _class_names(files[0]).get(name, []), max(values, default=-1) + 1
    return known if len(known) >= needed else [str(number) for number in range(needed)], np.array(values, np.int32)


def _columns_of_bytes(schema):
    """The names of the columns of records with a field `bytes`, and of plain ones of bytes."""
    from pyarrow import types

    records = [field.name for field in schema if types.is_struct(field.type)
               and field.type.get_field_index("bytes") >= 0]
    return records, [field.name for field in schema
                     if types.is_binary(field.type) or types.is_large_binary(field.type)]


def _opens(parquet, name):
    """Whether one of the first rows is a picture."""
    rows = next(parquet.iter_batches(LOOKED_AT, columns=[name]), None)
    values = [] if rows is None else rows.column(0).to_pylist()
    found = (value["bytes"] if isinstance(value, dict) else value for value in values)
    return any(is_picture("", io.BytesIO(content)) for content in found if content)


def _label_column(parquet):
    """LABEL, or the column that the metadata say holds classes; of several, one that is called so."""
    known = list(_class_names(parquet))
    if LABEL in parquet.schema_arrow.names or not known:
        return LABEL
    return next((name for name in known if LABEL in name or "class" in name), known[0] if len(known) == 1 else LABEL)


def _class_names(parquet):
    """Column -> names of its classes, as the hubs write them into a file's metadata."""
    with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
        facts = json.loads((parquet.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
        features = facts["info"]["features"]
        return {name: list(map(str, feature["names"])) for name, feature in features.items()
                if feature.get("_type") == "ClassLabel" and name in parquet.schema_arrow.names}
    return {}


def _numbered(words):
    """Classes and places of words; none where nearly every row has one of its own, as captions are."""
    classes = sorted(set(words) - {-1})
    if not classes or len(classes) > max(FEW_CLASSES, len(words) // 2):
        return [], None
    places = {name: place for place, name in enumerate(classes)}
    return classes, np.array([places.get(word, -1) for word in words], np.int32)


def _plain(parquet):
    """Name -> NumPy array of every column of booleans or integers without gaps."""
    from pyarrow import types

    names = [field.name for field in parquet.schema_arrow
             if types.is_boolean(field.type) or types.is_integer(field.type)]
    table = parquet.read(columns=names)
    return {name: table[name].to_numpy() for name in names if not table[name].null_count}


def _signs(column):
    return column is not None and (column.dtype == bool or np.isin(column, (-1, 0, 1)).all())


def _as_signs(column):
    """1 and -1 of booleans; integers as they are, unless they are 0 and 1."""
    return (np.where(column, 1, -1) if column.dtype == bool or column.min() >= 0 else column).astype(np.int8)
