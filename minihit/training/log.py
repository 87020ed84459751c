"""The log of a run: one JSON object a line, appended as training goes and cut back to the checkpoint on resume."""

import json

from minihit.errors import UserError
from minihit.files import write_text


def append(path, record):
    """Add one record, a flat dict of numbers. Raises UserError where the disk refuses."""
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; cure that and go on with --resume") from error


def read(path):
    """All whole records; a last line that was cut off is left out."""
    if not path.exists():
        return []
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def cut_back(path, step):
    """Drop the records after a step, so that a resumed run writes each of them once."""
    kept = [record for record in read(path) if record["step"] <= step]
    write_text(path, "".join(json.dumps(record) + "\n" for record in kept))


class Window:
    """Sums of scalar arrays since the last record, kept on their device: reading them out is the only sync."""

    def __init__(self):
        self.sums, self.count = {}, 0

    def add(self, metrics):
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in metrics.items()}
        self.count += 1

    def means(self):
        """{name: float} over the steps since the last call."""
        means = {name: float(value) / self.count for name, value in self.sums.items()}
        self.__init__()
        return means
