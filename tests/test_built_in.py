"""The generator that ships with the package: README's own, small, without a pickle, and in every distribution."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from minihit import sampling
from minihit.errors import UserError
from minihit.show.images import read_image, to_uint8
from minihit.training import pictures
from minihit.training.run import checkpoint, weights
from minihit.training.run.folder import BUILT_IN

ROOT = Path(__file__).parents[1]
LARGEST = 4 * 10**6                                                       # bytes
LEVELS = 2                                                                # of 255: what float16 may change
BUILD = "from setuptools import build_meta as b; b.build_wheel({0!r}); b.build_sdist({0!r})"


def test_it_draws_the_picture_of_readme():
    """That picture is of the float32 weights."""
    config, network, step = weights.load_generator(BUILT_IN)
    generator, expected = config.preset.generator, read_image(ROOT / "examples/pictures/faces-32.png").astype(int)
    drawn = to_uint8(sampling.samples(network, pictures.fixed_latents(config.seed, generator.z_shape), generator))
    found = pictures.sheet(drawn)
    assert (step, found.shape) == (2_000, expected.shape)
    assert np.abs(found - expected).max() <= LEVELS
    assert np.abs(found[:, ::-1] - expected).max() > 50                   # mirrored it is another picture


def test_its_file_is_small_half_precision_and_no_pickle():
    (path,) = checkpoint.newest(BUILT_IN.checkpoints)
    assert path.stat().st_size < LARGEST
    with np.load(path, allow_pickle=False) as arrays:
        kinds = {arrays[name].dtype for name in arrays.files if name != "header"}
        assert kinds == {np.dtype(np.float16)} and arrays["header"].dtype.kind == "U"
        assert all(name.startswith("ema/generator/") for name in arrays.files if name != "header")


def test_raw_weights_of_it_are_refused():
    with pytest.raises(UserError, match="built-in holds the moving average of its weights alone: leave --raw out"):
        weights.load_generator(BUILT_IN, raw=True)


def test_it_has_no_encoder_and_is_called_what_its_user_calls_it():
    with pytest.raises(UserError, match="the run in built-in has a generator and no encoder"):
        weights.load_autoencoder(BUILT_IN)


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The names in a wheel and in a source distribution, built from a copy of what they are built of."""
    pytest.importorskip("setuptools", minversion="77")
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("out")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "minihit", copy / "minihit", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-c", BUILD.format(str(out))], cwd=copy, check=True, capture_output=True)
    with tarfile.open(next(out.glob("*.tar.gz"))) as packed:
        source = {name.partition("/")[2] for name in packed.getnames()}
    return {"wheel": set(zipfile.ZipFile(next(out.glob("*.whl"))).namelist()), "sdist": source}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_every_file_of_the_package_is_in_what_is_given_out(distributions, kind):
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "minihit").rglob("*")
             if path.is_file() and "__pycache__" not in path.parts}
    assert "minihit/built_in/checkpoints/step-00002000.npz" in files
    assert files - distributions[kind] == set()
