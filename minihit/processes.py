"""Work on processes, for what is many short calls: threads would wait for each other's interpreter lock."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial

from minihit.errors import UserError

AHEAD = 4  # items that each process is given before the first of their results is taken


@contextlib.contextmanager
def mapping(count):
    """Yields what works like map(), over so many processes; below two of them, map() itself.

    It takes no more items than AHEAD for each process before a result is taken, so that few results are in memory.
    Raises UserError where one of them is ended from outside.
    """
    if count < 2:
        yield map
        return
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _serve)  # forks would copy held locks
    try:
        yield partial(_in_order, pool, AHEAD * count)
    except BrokenProcessPool as error:
        raise UserError(f"one of {count} processes was ended from outside: see that there is memory for all of them, "
                        "and give the command again") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool, most, function, items):
    """function(item) of every item, in order; most: items that are under way at once."""
    pending = deque()
    for item in items:
        pending.append(pool.submit(function, item))
        if len(pending) == most:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _serve():
    """Make this process one that leaves Ctrl-C to its parent, and ends when that ends, however it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
