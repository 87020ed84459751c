"""How far a preparation got, so that one that is killed at any moment can go on.

The rows of images are only ever appended to their file. Those of every part are made to reach the disk first, and then
a line of the journal that counts them; what is in either file beyond the last whole line never happened.
"""

import contextlib
import json
import os

from minihit.atomic import CURES, write_bytes
from minihit.data.store.manifest import IMAGES, JOURNAL, MANIFEST, UNFINISHED, damaged
from minihit.errors import UserError


class Journal:
    """The images of an unfinished store and the lines that vouch for them.

    task: what the preparation was begun with, as JSON holds it; files: how many of the source's files are done;
    rows: how many images they gave; skipped: number of the file -> reason, of the others.
    """

    def __init__(self, folder):
        """Read the journal in a folder, where there is one. Raises UserError where it is damaged."""
        self.folder, self.task, self.files, self.rows, self.skipped = folder, {}, 0, 0, {}
        with whole(folder):
            self._length = self._read() if (folder / JOURNAL).exists() else 0

    def begin(self, task, header):
        """Start with no images, whatever there was. header: bytes, in place of the beginning of the image file."""
        self.task, self.files, self.rows, self.skipped = task, 0, 0, {}
        with writing(self.folder):
            (self.folder / JOURNAL).unlink(missing_ok=True)  # it must not vouch for rows that go
            (self.folder / UNFINISHED).write_bytes(header)
        write_bytes(self.folder / JOURNAL, _line(task))

    def resume(self, header, row):
        """Cut off what was never finished; row: bytes of an image. Raises UserError where something is missing."""
        with whole(self.folder):
            self._cut(UNFINISHED, len(header) + self.rows * row)
            self._cut(JOURNAL, self._length)

    def append(self, images, files, skipped):
        """Put a part on the disk, whole or not at all: uint8 images, how many files they took, and those skipped."""
        with writing(self.folder):
            self._extend(UNFINISHED, b"".join(image.tobytes() for image in images))
            self._extend(JOURNAL, _line({"files": files, "rows": len(images), "skipped": list(skipped.items())}))
        self.files, self.rows, self.skipped = self.files + files, self.rows + len(images), self.skipped | skipped

    def _read(self):
        """Take up all whole lines; returns their length in bytes."""
        content = (self.folder / JOURNAL).read_bytes()
        length = content.rfind(b"\n") + 1
        self.task, *parts = map(json.loads, content[:length].splitlines())
        self.files, self.rows = (sum(part[name] for part in parts) for name in ("files", "rows"))
        self.skipped = {number: reason for part in parts for number, reason in part["skipped"]}
        if not (isinstance(self.task, dict) and "listing" in self.task):
            raise ValueError("it does not begin with a task")
        if self.files != self.rows + len(self.skipped):
            raise ValueError(f"{self.files} files are not {self.rows} images and {len(self.skipped)} others")
        return length

    def _cut(self, name, length):
        path = self.folder / name
        if name == UNFINISHED and not path.exists() and not (self.folder / MANIFEST).exists():
            # killed between giving it its name and writing the manifest; beside a manifest they are the old store's
            os.replace(self.folder / IMAGES, path)
        if path.stat().st_size < length:
            raise ValueError(f"{name} is shorter than {length:,} bytes")
        os.truncate(path, length)

    def _extend(self, name, content):
        with open(self.folder / name, "ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


@contextlib.contextmanager
def whole(folder):
    """Turns what a damaged journal raises into a UserError."""
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged(folder, f"{JOURNAL} or {UNFINISHED} ({error})") from error


@contextlib.contextmanager
def writing(folder):
    """Turns what a full disk raises into a UserError that says that nothing is lost."""
    try:
        yield
    except OSError as error:
        cure = CURES.get(error.errno, "see to that disk")
        raise UserError(f"cannot write into {folder}: {error.strerror}; {cure}; what is done is kept, and the same "
                        "command goes on from there") from error


def _line(facts):
    return json.dumps(facts).encode() + b"\n"
