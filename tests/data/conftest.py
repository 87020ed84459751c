"""CelebA's stand-in, drawn once for all tests of data."""

import zipfile
from types import SimpleNamespace

import pytest

from minihit.data import stand_in


@pytest.fixture(scope="session")
def celeba(tmp_path_factory):
    """Paths of thirty drawn faces in CelebA's layout, `zip` and `folder`, the tables beside both. Not to be changed."""
    root = tmp_path_factory.mktemp("celeba")
    packed = stand_in.write(root, 30)
    with zipfile.ZipFile(packed) as file:
        file.extractall(root)
    return SimpleNamespace(root=root, zip=packed, folder=root / "img_align_celeba", count=30)
