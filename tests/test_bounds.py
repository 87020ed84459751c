"""The lower bounds in pyproject.toml are true, and the newest versions work too: with them the main job runs."""

import os
import re
import subprocess
import sys
import venv

import pytest
from support.commands import ROOT

BOUND = re.compile(r'"([A-Za-z][\w-]*(?:\[\w+\])?)>=([\d.]+)"')
WITHOUT_WHEELS = (3, 13)                                                  # of the oldest versions: Python from here on
QUICK = ("tests/commands/test_options.py", "tests/commands/test_interpolate.py", "tests/show", "tests/test_streams.py",
         "tests/layers/test_linear.py", "tests/data/test_folder.py", "tests/training/run/test_config.py")
TINY = ["--steps", "3", "--batch", "4", "--micro-batch", "4", "--measure-images", "8", "--device", "cpu"]
MAIN_JOB = [
    ["sample", "--seeds", "0-1"],
    ["attention", "built-in", "--out", "page.html"],
    ["trace", "--batch", "1"],
    ["train", "--run", "run", *TINY],
    ["train", "--run", "run", "--resume", "--steps", "4", "--device", "cpu"],
    ["sample", "run", "--seeds", "0-3"],
    ["interpolate", "run", "--seeds", "0-1", "--frames", "3"],
    ["interpolate", "run", "--seeds", "0-1", "--frames", "3", "--out", "walk.mp4"],
    ["info", "run"],
    ["data", "stand-in", "celeba", "--count", "30"],
    ["data", "prepare", "celeba/img_align_celeba.zip", "store", "--size", "32"],
    ["data", "show", "store"],
    ["data", "check", "store"],
    ["train", "--data", "store", "--run", "other", *TINY],
    ["gradcheck", "--only", "linear"],
    ["train", "--help"],
]


def bounds():
    """{distribution: lowest version} of every optional and necessary dependency but CuPy, which needs a GPU."""
    found = dict(BOUND.findall((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    return {name: version for name, version in found.items()
            if not name.startswith(("setuptools", "cupy", "ruff", "minihit"))}


def test_every_dependency_has_one_bound():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pairs = set(BOUND.findall(text))
    assert {name.split("[")[0] for name, _ in pairs} >= {"numpy", "imageio", "pillow", "matplotlib", "tyro", "tqdm",
                                                         "threadpoolctl", "pyarrow", "pytest", "hypothesis"}
    plain = [(name.split("[")[0], version) for name, version in pairs if not name.startswith("cupy")]
    assert len({name for name, _ in plain}) == len(set(plain)), "two bounds for one package"


def pip(python, *argv):
    return subprocess.run([python, "-m", "pip", "--disable-pip-version-check", *argv], capture_output=True, text=True)


@pytest.fixture(params=["lowest", "newest"])
def python(request, tmp_path):
    """The interpreter of a fresh environment with all lower bounds, or with the newest version of everything."""
    if request.param == "lowest" and sys.version_info >= WITHOUT_WHEELS:
        pytest.skip("the oldest versions have no wheels for this Python: give one below 3.13")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if pip(python, "download", "--no-deps", "-d", tmp_path, "tqdm").returncode:
        pytest.skip("no package index can be reached")
    sign = "==" if request.param == "lowest" else ">="
    done = pip(python, "install", "--only-binary", ":all:", *(f"{name}{sign}{low}" for name, low in bounds().items()))
    assert done.returncode == 0, done.stderr
    return python


@pytest.mark.slow
def test_the_main_job_and_quick_tests_run(python, tmp_path):
    (tmp_path / "here").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    for argv in MAIN_JOB:
        done = subprocess.run([python, "-m", "minihit", *argv], cwd=tmp_path / "here", env=environment,
                              capture_output=True, text=True)
        assert done.returncode == 0 and "Traceback" not in done.stderr, (argv, done.stderr)
    assert {"run", "other", "store", "store.png", "walk.mp4"} <= {path.name for path in (tmp_path / "here").iterdir()}
    tests = [test for test in QUICK if (ROOT / test).exists()]
    done = subprocess.run([python, "-m", "pytest", "-q", *tests], cwd=ROOT, env=environment, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout
