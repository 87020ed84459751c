"""The program minihit, also as python -m minihit: cli.main, and nothing around it that a signal finds unprepared."""

import os
import sys
from _signal import SIG_IGN, SIGINT, signal  # built in: `signal` itself imports others


def run():
    """Ends the process with the exit code of a command.

    While modules are imported nothing has begun, so that a signal that asks to stop is obeyed at once and without a
    word; while Python ends, nothing is left to be stopped.
    """
    signal(SIGINT, _leave)
    from minihit import signals

    signals.answer(_leave)
    from minihit.cli import main

    code = main()
    signals.answer(SIG_IGN)
    sys.exit(code)


def _leave(number, frame):
    os._exit(130 if number == SIGINT else 143)


if __name__ == "__main__":
    run()
