"""What passes between host and device, counted: each sync and each upload with the line of the code that caused it."""

import sys
from pathlib import Path

_HERE = Path(__file__).parent


class Transfers:
    """syncs, uploads: lists such as "__float__ at run/log.py:47"; dtypes: of all arrays that the device made;
    refused: whether a stream is captured, which allows neither."""

    def __init__(self):
        self.start()

    def start(self):
        """Forget what was counted so far."""
        self.syncs, self.uploads, self.dtypes, self.refused = [], [], set(), False

    def sync(self, what):
        """The host waits until the device has finished all that it was given."""
        self.refuse(what)
        self.syncs.append(f"{what} at {_caller()}")

    def refuse(self, what):
        """RuntimeError while a stream is captured."""
        if self.refused:
            raise RuntimeError(f"the current stream is capturing: {what} at {_caller()}")

    def upload(self, what):
        self.uploads.append(f"{what} at {_caller()}")


def _caller():
    """File and line of the code that called the double."""
    frame = sys._getframe(1)
    while Path(frame.f_code.co_filename).parent == _HERE:
        frame = frame.f_back
    return f"{'/'.join(Path(frame.f_code.co_filename).parts[-2:])}:{frame.f_lineno}"


transfers = Transfers()
