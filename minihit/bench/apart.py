"""A process of its own: for a peak of memory that nobody else raised, and for contestants whose allocators and threads
must not meet."""

import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context

from minihit import signals
from minihit.errors import UserError
from minihit.ops.switch import is_plain, use_plain


@contextmanager
def process():
    """Yield call(function, *arguments), which runs a function of a module in one fresh process, plain where this one
    is, and returns its result.

    call raises what the function raises, and UserError where the system ends the process. Ctrl-C is answered here, and
    with whatever else leaves the block early the process ends too.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), use_plain, (is_plain(),)) as pool:
        with signals.handled(signal.SIG_IGN):                             # which a new process takes over
            pool.submit(int)

        def call(function, *arguments):
            try:
                return pool.submit(function, *arguments).result()
            except BrokenProcessPool:
                raise UserError("a process that measured was ended by the system, most likely for want of memory: "
                                "choose a smaller preset or batch") from None

        try:
            yield call
        except BaseException:
            for child in active_children():
                child.kill()
            raise
