"""On a GPU the first step compiles kernels, and says so: once per machine, since CuPy keeps them on the disk.

https://docs.cupy.dev/en/stable/user_guide/performance.html, Kernel Compilation.
"""

import contextlib
import threading

from tqdm import tqdm

from minihit.backend import kernel_cache

PATIENCE = 1.0                                                            # seconds without a word


@contextlib.contextmanager
def announced(device, say=tqdm.write):
    """Of a block that lasts longer than PATIENCE and compiles, one line says so while it lasts.

    That it compiles shows in the cache, to which kernels come; a cache in memory begins empty in every process.
    """
    if device == "cpu":
        yield
        return
    folder = kernel_cache(device)
    before, over = _kept(folder), threading.Event()

    def watch():
        while not over.wait(PATIENCE):
            if folder is None or _kept(folder) > before:
                say(_sentence(folder))
                return

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


def _kept(folder):
    """The number of files in the cache."""
    return len(list(folder.iterdir())) if folder and folder.is_dir() else 0


def _sentence(folder):
    if folder is None:
        return "compiling kernels for this GPU, in this process as in every other: CUPY_CACHE_IN_MEMORY keeps none"
    return f"compiling kernels for this GPU, once per machine: CuPy keeps them in {folder}"
