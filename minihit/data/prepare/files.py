"""The files of a folder, and those of a zip, as sources (`minihit.data.prepare.sources`)."""

import io
import os
import stat
import zipfile
from collections import Counter
from functools import partial

from minihit.data.prepare.decode import reason
from minihit.data.prepare.entry import MAX_BYTES, Entry
from minihit.data.prepare.kinds import OWN, classify
from minihit.data.prepare.walk import passed_over, walk
from minihit.errors import UserError

ENCRYPTED = 0x1  # a zip member's flag


class Folder:
    """The files of a folder and the folders in it (`minihit.data.prepare.walk`)."""

    def __init__(self, path):
        found = walk(path)
        entries = [_entry(place, place.relative_to(path).as_posix()) for place in found.files]
        self.path, self.closed, self.doubts = path, found.closed, []
        self.pictures, self.others, passed = _parted(entries, self.open)
        self.passed = found.passed + passed

    def open(self, entry):
        """A binary file. Raises OSError or ValueError, with the reason, where it cannot be read."""
        if not stat.S_ISREG(os.stat(entry.place).st_mode):  # a pipe would be waited for
            raise ValueError("no regular file")
        return open(entry.place, "rb")

    def close(self):
        pass


class Zip:
    """The files of a zip, hidden names excepted."""

    def __init__(self, path):
        self.path, self.closed, self.doubts = path, [], []
        self._file = open(path, "rb")  # noqa: SIM115, closed by close(); a file that is passed in suits threads
        try:
            self._zip = zipfile.ZipFile(self._file)
            members = [info for info in self._zip.infolist() if not info.is_dir()]
        except Exception as error:  # a damaged directory makes zipfile raise nearly anything
            self._file.close()
            raise UserError(f"{path} is not a whole zip ({reason(error)}): copy or download it again") from error
        hidden, changed = [passed_over(info.filename) for info in members], os.stat(path).st_mtime_ns
        entries = [Entry(info.filename, info.file_size, info, changed, info.CRC)
                   for info, kind in zip(members, hidden, strict=True) if not kind]
        self.pictures, self.others, passed = _parted(entries, self._stream)
        self.passed = Counter(filter(None, hidden)) + passed

    def open(self, entry):
        """A binary file in memory. Raises ValueError or what zipfile raises where it cannot be unpacked."""
        with self._stream(entry) as file:
            if entry.length > MAX_BYTES:
                raise ValueError(f"{entry.length:,} bytes are more than {MAX_BYTES:,}")
            return io.BytesIO(file.read(MAX_BYTES))

    def close(self):
        self._file.close()

    def _stream(self, entry):
        """A binary file that is unpacked as it is read."""
        if entry.place.flag_bits & ENCRYPTED:
            raise ValueError("encrypted")
        if entry.place.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError("packed by another method than deflate")  # others unpack without a limit
        return self._zip.open(entry.place)


def _parted(entries, opened):
    """Pictures and other files, each sorted by path, upper before lower case; and how many of each kind the others are.

    What minihit wrote is passed over, unless there is nothing else: whoever gives such a folder means it.
    """
    entries = sorted(entries, key=lambda entry: entry.name.split("/"))
    kinds = [classify(entry.name, partial(opened, entry)) for entry in entries]
    if None not in kinds:
        kinds = [None if kind is OWN else kind for kind in kinds]
    pictures = [entry for entry, kind in zip(entries, kinds, strict=True) if kind is None]
    others = [entry for entry, kind in zip(entries, kinds, strict=True) if kind not in (None, OWN)]
    return pictures, others, Counter(str(kind) for kind in kinds if kind is not None)


def _entry(place, name):
    try:
        facts = os.stat(place)
    except OSError:  # a link to nowhere is found when it is opened
        return Entry(name, 0, place)
    return Entry(name, facts.st_size, place, facts.st_mtime_ns)
