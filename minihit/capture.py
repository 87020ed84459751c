"""Work of a GPU that is recorded once and then asked for with one call: a CUDA graph.

Asking CuPy for a kernel costs the host some 20 microseconds, more than most kernels take. A graph of thousands costs as
much as one. What is recorded are addresses and numbers: a replay reads and writes the same memory and has the same
numbers of the host. So what changes between replays must be an array of the device that is overwritten in place, and
what the work leaves is overwritten by the next replay (CUDA C++ Programming Guide, section CUDA Graphs).
"""

import functools
import gc
import weakref
from contextlib import contextmanager, suppress

_recorders = weakref.WeakSet()


def memory_held():
    """Bytes of a GPU that recorders have taken, beside CuPy's own pool."""
    return sum(recorder.memory.total_bytes() for recorder in _recorders)


@functools.cache
def _stream(xp):
    """The one that all recorders use, one after the other: to each that has products cuBLAS gives memory for good."""
    return xp.cuda.Stream(non_blocking=True)


class Recorder:
    """Memory of its own, which nothing else allocates from as long as replays go on."""

    def __init__(self, xp):
        self.xp, self.stream, self.memory = xp, _stream(xp), xp.cuda.MemoryPool()
        _recorders.add(self)

    def rehearse(self, function):
        """function(), done there and then where it will be recorded: what it needs is compiled and allocated.

        Memory that CuPy keeps for other work is given back first, as this work has its own.
        """
        self.xp.get_default_memory_pool().free_all_blocks()
        with self._apart():
            result = function()
            self.stream.synchronize()
        return result

    def record(self, function):
        """(Replay, result): what function() asks for is not done; each call of the replay does it, after what was asked
        for before, and leaves it in the result. Raises what CuPy raises where something cannot be recorded."""
        with self._apart(), _no_collection():
            self.stream.begin_capture()
            try:
                result = function()
            except BaseException:
                with suppress(Exception):
                    self.stream.end_capture()
                raise
            graph = self.stream.end_capture()
        return Replay(graph, self.memory), result

    @contextmanager
    def _apart(self):
        self.xp.cuda.Stream.null.synchronize()                            # what was asked for before is done
        with self.xp.cuda.using_allocator(self.memory.malloc), self.stream:
            yield


class Repeated:
    """A function without arguments, of arrays that are overwritten in place, which is called again and again: the first
    call rehearses it, the second records it, from there on it is replayed, and what it returns is overwritten by the
    next call. problem: why it could not be recorded, or None; then each call makes it anew."""

    def __init__(self, function, xp):
        self.function, self.recorder = function, Recorder(xp)
        self.rehearsed, self.replay, self.result, self.problem = False, None, None, None

    def __call__(self):
        if self.problem:
            return self.function()
        if not self.rehearsed:
            self.rehearsed = True
            return self.recorder.rehearse(self.function)
        if self.replay is None and not self._record():
            return self.function()
        self.replay()
        return self.result

    def _record(self):
        try:
            self.replay, self.result = self.recorder.record(self.function)
        except Exception as error:  # whatever CuPy and CUDA say, the function can be called
            self.problem = " ".join(f"{type(error).__name__}: {error}".split())
        return self.problem is None


class Replay:
    """Call it to do what was recorded. memory: where that reads and writes, kept for as long as this is."""

    def __init__(self, graph, memory):
        self.graph, self.memory = graph, memory

    def __call__(self):
        self.graph.launch()

    def nodes(self):
        """How many kernels, copies and fillings it is."""
        return self.graph.debug_dot_str().count("[style")


@contextmanager
def _no_collection():
    """Freeing an array in a capture, at a moment that nobody chose, may call what a capture forbids."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
