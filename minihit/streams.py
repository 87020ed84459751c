"""Standard output and error that outlive their readers: a message that nobody takes never ends the work behind it."""

import os
import sys
from contextlib import contextmanager, suppress


@contextmanager
def lasting():
    """While the block runs, `sys.stdout` and `sys.stderr` take everything. Yields the Lasting that is the former.

    A closed one (minihit ... >&-) is replaced by the null device, so that no file of a run gets its number.
    """
    for number in (0, 1, 2):
        _ensure_open(number)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(Lasting, before)
    try:
        yield sys.stdout
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before


class Lasting:
    """A text stream whose refusals are kept and not raised: a full disk, a reader that left, a closed terminal.

    refusal: the first OSError or ValueError, after which nothing is written any more; None where there was none.
    Characters that its encoding lacks are written as \\udcfc: the name of a file may hold anything.
    """

    def __init__(self, stream):
        self._stream, self.refusal = stream or open(os.devnull, "w", encoding="utf-8"), None  # noqa: SIM115
        if hasattr(self._stream, "reconfigure"):
            self._tried(self._stream.reconfigure, errors="backslashreplace")

    def write(self, text):
        self._tried(self._stream.write, text)
        return len(text)

    def flush(self):
        self._tried(self._stream.flush)

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def _tried(self, function, *args, **options):
        if self.refusal:
            return
        try:
            function(*args, **options)
        except (OSError, ValueError) as refusal:
            self.refusal = refusal
            with suppress(OSError, ValueError, AttributeError), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), self._stream.fileno())          # for what is left in its buffer


def _ensure_open(number):
    try:
        os.fstat(number)
    except OSError:
        os.open(os.devnull, os.O_RDWR)                                    # takes the lowest number that is free
