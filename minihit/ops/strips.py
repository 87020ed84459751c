"""Long arrays in strips: a chain of elementwise operations on one strip stays in the cache, and threads share the strips.

NumPy lets go of the interpreter lock inside its loops, so plain threads run them on all cores. Each strip is computed the
same way whoever computes it: results do not depend on the number of threads.
"""

import os
from concurrent.futures import ThreadPoolExecutor

STRIP = 1 << 15                                                           # values: 128 KiB of float32
_THREADS = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
_pool = ThreadPoolExecutor(_THREADS) if _THREADS > 1 else None


def run(function, count, strip=STRIP):
    """Call function(slice) for consecutive slices that cover range(count)."""
    parts = [slice(start, min(start + strip, count)) for start in range(0, count, strip)]
    if _pool is None or len(parts) < 2:
        for part in parts:
            function(part)
    else:
        shares = [parts[share::_THREADS] for share in range(_THREADS)]
        for done in [_pool.submit(_each, function, share) for share in shares]:
            done.result()


def _each(function, parts):
    for part in parts:
        function(part)
