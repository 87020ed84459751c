"""The names of real CuPy with their parameters, recorded in cupy.json, so that the double needs no CuPy.

Refresh it with `python -m strict_cupy.record` in tests/, where CuPy is installed; no GPU is needed. A name maps to its
parameters, with None for every default, or to null where CuPy does not tell them.
"""

import inspect
import json
import re
from functools import cache
from operator import attrgetter
from pathlib import Path
from types import ModuleType

FILE = Path(__file__).with_name("cupy.json")
DOTTED = ("lib.stride_tricks.as_strided", "lib.stride_tricks.sliding_window_view", "cuda.Device", "cuda.MemoryPool",
          "cuda.MemoryPool.malloc", "cuda.MemoryPool.total_bytes", "cuda.Stream", "cuda.Stream.begin_capture",
          "cuda.Stream.end_capture", "cuda.Stream.null", "cuda.Stream.synchronize", "cuda.Graph.launch",
          "cuda.get_current_stream", "cuda.is_available", "cuda.runtime.getDeviceProperties",
          "cuda.runtime.memGetInfo", "cuda.runtime.runtimeGetVersion",
          "cuda.using_allocator", "linalg.eigh", "linalg.eigvalsh")


@cache
def recorded():
    """{"version": of CuPy, "names": {name: parameters}}."""
    return json.loads(FILE.read_text())


@cache
def signature(name):
    """The recorded inspect.Signature; its bind refuses arguments that CuPy does not have."""
    return _parsed(recorded()["names"][name])


def collect(cupy):
    """What recorded() is for the CuPy that is installed: cupy, its arrays, and a few dotted names."""
    from cupyx import empty_pinned
    from cupyx.scipy import special

    found = {name: getattr(cupy, name) for name in dir(cupy) if not name.startswith("_")}
    found |= {f"ndarray.{name}": getattr(cupy.ndarray, name) for name in dir(cupy.ndarray) if re.match("__|[^_]", name)}
    found |= {name: attrgetter(name)(cupy) for name in DOTTED}
    found |= {"cupyx.scipy.special.erf": special.erf, "cupyx.empty_pinned": empty_pinned}
    names = {name: parameters(value) for name, value in sorted(found.items()) if not isinstance(value, ModuleType)}
    return {"version": cupy.__version__, "names": names}


def parameters(value):
    """Python functions know theirs; compiled ones and ufuncs have them on the first line of their docstring."""
    if not callable(value) or isinstance(value, type):
        return None
    try:
        found = inspect.signature(value)
    except (ValueError, TypeError):
        line = re.match(r"[\w.]+\((.*)\)", (value.__doc__ or "").strip().replace("\\", ""))
        try:
            found = line and _parsed(re.sub(r"\w+ (?=\w)", "", line[1]))   # without the types of C
        except SyntaxError:
            found = None
    if not found:
        return None
    return str(inspect.Signature([_plain(parameter) for parameter in found.parameters.values()]))[1:-1]


def _plain(parameter):
    default = parameter.empty if parameter.default is parameter.empty else None
    return parameter.replace(annotation=parameter.empty, default=default)


def _parsed(text):
    return inspect.signature(eval(f"lambda {text}: None"))


if __name__ == "__main__":
    import cupy

    FILE.write_text(json.dumps(collect(cupy), indent=0) + "\n")
