"""What a user meets first: the import is quick, needs no CuPy, and says its version."""

import subprocess
import sys
from importlib import metadata

import pytest

import minihit

HEAVY = ["cupy", "matplotlib", "imageio", "PIL", "tyro", "scipy", "autograd", "torch"]


def imported_by(statement):
    """The names of the modules in memory after the statement, in a fresh interpreter."""
    code = f"{statement}; import sys; print(*sys.modules)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("statement", ["import minihit", "from minihit.models import discriminator, hit"])
def test_an_import_brings_nothing_heavy(statement):
    assert set(imported_by(statement)).isdisjoint(HEAVY)


def test_the_version_is_the_packages():
    try:
        installed = metadata.version("minihit")
    except metadata.PackageNotFoundError:
        pytest.skip("minihit runs from its folder")
    assert minihit.__version__ == installed
