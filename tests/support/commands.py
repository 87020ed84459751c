"""The command line as tests meet it."""

import os
import subprocess
import sys
from pathlib import Path

from minihit.cli import main

ROOT = Path(__file__).parents[2]


def refusal(capsys, *argv):
    """The one line that a refused command prints."""
    capsys.readouterr()
    assert main(map(str, argv)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("minihit: ")
    assert err.count("\n") == 1
    return err


def python(*argv, environment=(), **options):
    """Another Python that imports this minihit; returns the finished process with its texts."""
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", **dict(environment)}
    texts = {"capture_output": True, "text": True, **options}
    return subprocess.run([sys.executable, *map(str, argv)], env=settings, **texts)
