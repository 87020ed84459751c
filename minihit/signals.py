"""Signals that ask a program to stop: Ctrl-C; SIGTERM and SIGHUP, which docker stop, Slurm, closed terminals send."""

import signal
import threading
from contextlib import contextmanager

INTERRUPTED, TERMINATED = 130, 143                                        # exit codes
STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: it ends what is going on as Ctrl-C does."""


def name_of(number):
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


def exit_code(number):
    """130 after Ctrl-C, else 143."""
    return INTERRUPTED if number == signal.SIGINT else TERMINATED


def stop(number, frame=None):
    """A handler that ends what is going on."""
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated(f"stopped by {name_of(number)}")


def answer(handler):
    """From now on handler(number, frame) answers these signals; returns {number: who did before}.

    In a thread nothing changes, and SIGTERM and SIGHUP that are ignored, as under nohup, stay so.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = {number: signal.getsignal(number) for number in STOPS}
    before = {number: earlier for number, earlier in before.items()
              if earlier is not None and (number == signal.SIGINT or earlier != signal.SIG_IGN)}
    for number in before:
        signal.signal(number, handler)
    return before


@contextmanager
def handled(handler):
    """`answer` while the block runs."""
    before = answer(handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
