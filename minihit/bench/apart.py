"""A process of its own: for a peak of memory that nobody else raised, and for contestants whose allocators and threads
must not meet."""

from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from minihit.errors import UserError
from minihit.ops.switch import is_plain, use_plain


@contextmanager
def process():
    """Yield call(function, *arguments), which runs a function of a module in one fresh process, plain where this one
    is, and returns its result.

    call raises what the function raises, and UserError where the system ends the process.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), use_plain, (is_plain(),)) as pool:

        def call(function, *arguments):
            try:
                return pool.submit(function, *arguments).result()
            except BrokenProcessPool:
                raise UserError("a process that measured was ended by the system, most likely for want of memory: "
                                "choose a smaller preset or batch") from None

        yield call
