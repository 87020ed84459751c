"""A double of CuPy for tests, strict where CuPy hurts, so that code for a GPU is tested on any machine.

It refuses what CuPy refuses: NumPy arrays and lists in arithmetic and in functions, conversions to NumPy other than
get() and asnumpy(), names and keyword arguments that CuPy lacks (record.py). It refuses more than CuPy: functions of
NumPy on its arrays, which CuPy would answer itself, lists of arrays in asarray, lists and NumPy arrays as indices,
which it would upload, and indices out of bounds, which it would wrap around. It counts what CuPy does without a word
(transfers.py): float(x), bool(x), x.get(), print(x) and a mask as an index wait for the device; asarray(host) uploads.
It counts what the device would do (kernels.py): launches and the bytes that they move. A function under its fuse may do
what cupy.fuse can trace, and nothing else.

What it cannot show: kernels that fail to compile, other rounding, races between streams, and memory that runs out.
"""

import functools
import sys
import threading

import minihit.cublas
from minihit.ops.fast import border
from strict_cupy import cublas as library
from strict_cupy import functions
from strict_cupy.kernels import launches as launches
from strict_cupy.transfers import transfers as transfers

_MODULES = functions.make()


def install(monkeypatch):
    """Let `import cupy` find the double for the time of a test, and count from zero."""
    for name, module in _MODULES.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(minihit.cublas, "library", lambda: library)
    monkeypatch.setattr(minihit.cublas, "_made", functools.cache(minihit.cublas._made.__wrapped__))
    monkeypatch.setattr(border, "_kept", threading.local())               # maps that another test has cleared
    transfers.start()
    launches.start()
