"""Exceptions in somebody's file, each told as one sentence with file and line, and calls that are stopped."""

import contextlib
import re
import signal
import threading
import traceback
from functools import wraps

from minihit.errors import UserError

LONGEST = 30.0                                                            # seconds that a call may take


class InFile(UserError):
    """An exception in the file; place is where, such as ", line 7"; unwritten: whether it only says so."""

    def __init__(self, path, place, words, unwritten=False):
        super().__init__(f"{path}{place}: {words}")
        self.place, self.unwritten = place, unwritten


def told(function, path, cells):
    """The function, whose exceptions become InFile.

    cells {name that a cell of the file was compiled under: (such as ", code cell 3", its lines)}.
    """
    @wraps(function)
    def call(*args, **options):
        try:
            return function(*args, **options)
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            raise InFile(path, *_sentence(error, cells), isinstance(error, NotImplementedError)) from None
    return call


def stopped(function):
    """The function, which raises TimeoutError where it does not end; not on Windows, or in another thread."""
    @wraps(function)
    def call(*args, **options):
        with _at_most(LONGEST):
            return function(*args, **options)
    return call


@contextlib.contextmanager
def _at_most(seconds):
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise TimeoutError(f"it has run for {seconds:g} s: look for a loop that does not end, or one over all values")

    before = signal.signal(signal.SIGALRM, stop)
    running = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *running)
        signal.signal(signal.SIGALRM, before)


def _sentence(error, cells):
    """(where in the file it happened, what): the innermost line of the traceback there, or that of a syntax error."""
    frames = [(frame.f_code.co_filename, number, frame.f_locals)
              for frame, number in traceback.walk_tb(error.__traceback__)]
    own = isinstance(error, SyntaxError) and error.filename in cells
    frames += [(error.filename, error.lineno, {})] if own else []
    words = f"{type(error).__name__}: {error.msg if own else error}".removesuffix(": ")
    if isinstance(error, SystemExit):
        words += ", which ends the program: leave it out, or put it under if __name__ == \"__main__\""
    inside = [frame for frame in frames if frame[0] in cells]
    if not inside:
        return "", words
    name, number, values = inside[-1]
    cell, lines = cells[name]
    scene = _scene(lines[number - 1].strip(), values) if isinstance(error, (ValueError, IndexError)) else ""
    return f"{cell}, line {number}", words + scene


def _scene(line, values):
    """The line whose shapes do not fit, and those of the arrays in it."""
    names = [name for name in dict.fromkeys(re.findall(r"[^\W\d]\w*", line)) if hasattr(values.get(name), "shape")]
    where = ", ".join(f"{name} {values[name].shape}" for name in names)
    return f", in {line}{where and f', with {where}'}"
