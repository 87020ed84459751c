"""Streams and CUDA graphs of the double: what is asked for while a stream is captured is not done, but recorded.

As in CuPy 14.2, transfers, waiting and CuPy's own products are refused meanwhile; and numbers of the host become part
of the record: graph.scalars are all of them, so that a test can see which of them would have changed.
"""

from contextlib import contextmanager

from strict_cupy.kernels import Cost, launches
from strict_cupy.transfers import transfers


class Stream:
    """cupy.cuda.Stream; as a context it is the current one."""

    def __init__(self, null=False, non_blocking=False):
        self.ptr = 0 if null else id(self)
        self.outer = []

    def __enter__(self):
        self.outer.append(_current[-1])
        _current.append(self)
        return self

    def __exit__(self, *_):
        _current.pop()

    def begin_capture(self, mode=None):
        if self.ptr == 0:
            raise RuntimeError("cannot capture on the default (legacy) stream")
        if _current[-1] is not self:
            raise NotImplementedError("a stream that is captured while another is current")
        launches.record, transfers.refused = Record(), True

    def end_capture(self):
        record, launches.record, transfers.refused = launches.record, None, False
        if record.broken:
            raise RuntimeError("cudaErrorStreamCaptureInvalidated")
        return Graph(record)

    def synchronize(self):
        if launches.record is not None:
            launches.record.broken = True
            raise RuntimeError("cudaErrorStreamCaptureUnsupported")
        transfers.sync("synchronize")


class Record:
    """What was asked for since the beginning of a capture. kept: the memory that it uses; broken: by what must not be
    asked for."""

    def __init__(self):
        self.calls, self.costs, self.scalars, self.kept, self.broken = [], [], [], [], False


class Graph:
    """cupy.cuda.Graph. cost: of a replay; scalars: numbers of the host that every replay repeats."""

    def __init__(self, record):
        self.calls, self.scalars, self.kept = record.calls, record.scalars, record.kept
        self.cost = Cost(*(sum(part) for part in zip(*record.costs, strict=True))) if record.costs else Cost(0, 0)

    def debug_dot_str(self, flags=0):
        return "\n".join(f'"{number}"[style="bold"];' for number in range(self.cost.launches))

    def launch(self, stream=None):
        for call in self.calls:
            call()
        launches.graphs += 1
        launches.count_cost(self.cost)


class MemoryPool:
    """cupy.cuda.MemoryPool."""

    def malloc(self, size):
        raise NotImplementedError("the double takes its memory from NumPy")

    def total_bytes(self):
        return 0


@contextmanager
def using_allocator(allocator=None):
    yield


def get_current_stream(device_id=None):
    return _current[-1]


_current = [Stream(null=True)]
Stream.null = _current[0]
