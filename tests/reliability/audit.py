"""What a process does behind its caller's back: classes that are unpickled, files that are opened to be written."""

import contextlib
import os
import sys

_events = None


@contextlib.contextmanager
def harmless(folder):
    """Inside, nothing is unpickled, and nothing outside the folder is written."""
    global _events
    _events = []
    try:
        yield
    finally:
        events, _events = _events, None
    outside = [event for event in events if event[0] != "open" or not os.fsdecode(event[1][0]).startswith(str(folder))]
    assert outside == []


def _watch(event, arguments):
    if _events is not None and (event.startswith("pickle") or (event == "open" and _writes(*arguments))):
        _events.append((event, arguments))


def _writes(path, mode, flags):
    return isinstance(path, (str, bytes)) and flags & (os.O_WRONLY | os.O_RDWR)


sys.addaudithook(_watch)
