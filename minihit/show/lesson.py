"""What the tutorials share: a comparison that is printed and asserted, and a picture that finds its own place.

A tutorial runs as a script, in Jupyter and on Colab, where sys.argv holds the kernel's own arguments.
"""

import sys
from contextlib import contextmanager

import numpy as np

from minihit.atomic import write_bytes
from minihit.show.figures import in_memory


def compare(what, ours, expected, rtol=1e-6, atol=1e-8):
    """Print the largest difference of two arrays of one shape.

    Raises AssertionError where their shapes differ, or a difference is above atol + rtol |expected|.
    """
    ours, expected = np.asarray(ours), np.asarray(expected)
    assert ours.shape == expected.shape, f"{what}: shape {ours.shape} instead of {expected.shape}"
    print(f"  {what:<66} differs by {abs(ours - expected).max():.0e}")
    np.testing.assert_allclose(ours, expected, rtol=rtol, atol=atol, err_msg=what)


@contextmanager
def picture(width, height):
    """Yields a matplotlib Figure of so many inches.

    When the block ends it stands below the cell of a notebook, and in each .png file that a script was given.
    """
    with in_memory(width, height) as (drawn, png):
        yield drawn
    IPython = sys.modules.get("IPython")
    if IPython and IPython.get_ipython():
        IPython.display.display(IPython.display.Image(png.getvalue()))
    for path in [word for word in sys.argv[1:] if word.endswith(".png")]:  # what a notebook's kernel is given is none
        write_bytes(path, png.getvalue())
        print("the picture is in", path)
