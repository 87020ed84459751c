"""Plots by the library's own settings, whatever MPLBACKEND, which notebooks set, and a matplotlibrc say."""

import io
import os
from contextlib import contextmanager

from minihit.atomic import write_bytes
from minihit.show.images import SOFTWARE


@contextmanager
def figure(path, width, height):
    """Yields a matplotlib Figure of so many inches; it is in the PNG file `path` when the block ends without an error.

    Raises UserError where the disk refuses.
    """
    with in_memory(width, height) as (drawn, png):
        yield drawn
    write_bytes(path, png.getvalue())


@contextmanager
def in_memory(width, height):
    """Yields (Figure, BytesIO); the second holds the first as PNG when the block ends."""
    with _own_settings():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        drawn, png = Figure(figsize=(width, height), layout="constrained"), io.BytesIO()
        FigureCanvasAgg(drawn)
        yield drawn, png
        drawn.savefig(png, format="png", dpi=110, metadata=SOFTWARE)


@contextmanager
def _own_settings():
    """Matplotlib as it comes; whoever imported it before finds its settings again afterwards."""
    backend = os.environ.pop("MPLBACKEND", None)                          # read and checked while it is imported
    try:
        import matplotlib
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        yield
