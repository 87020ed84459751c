"""The log of a run: one JSON object a line, appended as training goes and cut back to the checkpoint on resume."""

import json
import math
import os

from minihit.atomic import write_text
from minihit.errors import UserError


def append(path, record):
    """Add one record, a dict of numbers and lists of them; it is on the disk before the checkpoint that is saved next.

    Raises UserError where the disk refuses.
    """
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; cure that and go on with --resume") from error


def read(path):
    """All whole records; a last line that was cut off is left out, and so is what no record looks like."""
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", errors="replace") as file:
        return [record for line in file if (record := _record(line))]


def _record(line):
    """The dict of finite numbers and lists of them, "step" among them, that a line holds, or None."""
    try:
        record = json.loads(line)
        whole = type(record["step"]) is int and all(map(_finite, record.values()))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return record if whole else None


def _finite(value):
    """Whether a number is, or all in a list. Raises TypeError for what is neither."""
    return all(map(math.isfinite, value)) if isinstance(value, list) else math.isfinite(value)


def cut_back(path, step, stays=lambda record: True):
    """Drop the records after a step, so that a resumed run writes each of them once; all of them where it is 0.

    stays: says of a record of that very step whether it does.
    """
    kept = [record for record in read(path)
            if record["step"] < step or (record["step"] == step and stays(record))] if step else []
    write_text(path, "".join(json.dumps(record) + "\n" for record in kept))


class Window:
    """Sums of scalar arrays since the last record, kept on their device: reading them out is the only sync."""

    def __init__(self, sums=(), count=0):
        self.sums, self.count = dict(sums), count

    def add(self, metrics):
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in metrics.items()}
        self.count += 1

    def means(self):
        """{name: float} over its steps."""
        return {name: float(value) / self.count for name, value in self.sums.items()}

    def facts(self):
        """What JSON can hold, and a Window can be made of again: a float holds every float32."""
        return {"sums": {name: float(value) for name, value in self.sums.items()}, "count": self.count}
