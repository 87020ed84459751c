"""What was measured, as a table for people and as JSON for programs: a row for each measure, with all that it depends
on."""

import math
from typing import NamedTuple

from minihit.comparing.measures import Value

HEAD = "measure", "value", "real against real", "features", "images"
NONE = "-"
FEWER = "and fewer of them are farther apart"


class Sets(NamedTuple):
    """Two sets that a number is of: how many, and a phrase, of either."""

    count: int
    pictures: str
    reference_count: int
    reference: str

    def __str__(self):
        return f"{self.count:,} {self.pictures} against {self.reference_count:,} {self.reference}"


class Row(NamedTuple):
    """A measure and its number.

    name: in logs and JSON; title: for people; value: a Value, or the sentence that says why there is none; features:
    what was looked at; sets: of which; real, real_sets: the same of real against real, None where there is no such
    thing.
    """

    name: str
    title: str
    value: Value | str
    features: str
    sets: Sets
    real: Value | str | None = None
    real_sets: Sets | None = None

    @property
    def has_fewer(self):
        """Whether real against real is of fewer pictures."""
        return isinstance(self.real, Value) and self.real_sets.count < self.sets.count


def text(rows):
    """The table, and below it what is missing in it and what real against real was."""
    notes = [f"missing: {row.value}" for row in rows if isinstance(row.value, str)]
    notes += [f"no real against real: {row.real}" for row in rows if isinstance(row.real, str)]
    notes += [f"real against real: {row.real_sets}{', ' + FEWER if row.has_fewer else ''}" for row in rows
              if isinstance(row.real, Value)]
    return "\n".join([table(rows), *dict.fromkeys(notes)])


def table(rows):
    """Aligned lines with a rule below the head; the last column is as long as it is."""
    lines = [HEAD, *map(cells, rows)]
    widths = [*(max(map(len, column)) for column in list(zip(*lines, strict=True))[:-1]), 0]
    head, *others = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([head, "-" * len(head), *others])


def cells(row):
    """A Row as text, one string per column."""
    fewer = f" ({row.real_sets.count:,} each)" if row.has_fewer else ""
    return row.title, words(row.value), words(row.real) + fewer, row.features, str(row.sets)


def words(value):
    """A Value to four digits, NONE for what is none."""
    if not isinstance(value, Value):
        return NONE
    return number(value.mean) + (f" +- {number(value.deviation)}" if value.deviation is not None else "")


def number(value):
    return f"{value:.4g}" if abs(value) < 1e4 or math.isinf(value) else f"{value:,.0f}"


def plain(rows):
    """The rows as JSON can hold them, a dict each; infinity, as of the PSNR of equal pictures, is a text."""
    return [{name: _plain(value) for name, value in row._asdict().items()} for row in rows]


def _plain(value):
    if isinstance(value, Value):
        return {name: _plain(number) for name, number in value._asdict().items() if number is not None}
    if isinstance(value, Sets):
        return value._asdict()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
