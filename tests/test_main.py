"""The program from its first line to its last: a signal at any moment ends it with its code and without a traceback."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from support.commands import ROOT, python

IMPORTING = """
import os, sys

class Counting:
    '''Sends a signal to the process when the module of a number is looked for, of those after minihit.'''
    found = None

    def find_spec(self, name, path=None, target=None):
        if name == "minihit.__main__":
            self.found = 0
        elif self.found is not None:
            self.found += 1
        if self.found == at:
            os.kill(os.getpid(), number)

at, number, *sys.argv[1:] = [int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]]
sys.meta_path.insert(0, counting := Counting())
from minihit.__main__ import run
try:
    run()
finally:
    print(counting.found, "modules")
"""
COMMANDS = [["--help"], ["info", "faces-32"], ["train", "--help"], ["data", "show", "gone"], ["bench", "--steps", "0"]]


def assert_stopped(done, number):
    assert done.returncode == (130 if number == signal.SIGINT else 143), done.stderr
    assert "Traceback" not in done.stderr and done.stderr.count("\n") <= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_signal_while_modules_are_imported(argv, number):
    whole = python("-c", IMPORTING, -1, number, *argv)
    count = int(re.search(r"(\d+) modules", whole.stdout)[1])
    for at in np.random.default_rng(number).integers(1, count, 3):
        assert_stopped(python("-c", IMPORTING, at, number, *argv), number)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("argv", [*COMMANDS, ["train", "--steps", "1", "--run", "x"]], ids=" ".join)
def test_a_signal_at_a_random_moment_of_the_first_half_second(argv, number, tmp_path):
    rng, begun = np.random.default_rng(0), f"import sys; print(flush=True); sys.argv[1:] = {argv}; " \
                                           "from minihit.__main__ import run; run()"
    for _ in range(20):
        process = subprocess.Popen([sys.executable, "-c", begun], cwd=tmp_path, text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})
        process.stdout.readline()
        time.sleep(rng.uniform(0.02, 0.5))
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err and process.returncode in (0, 2, 130, 143)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_when_the_command_is_over(number):
    ending = f"import atexit, os; atexit.register(os.kill, os.getpid(), {int(number)}); " \
             "import sys; sys.argv[1:] = ['--version']; from minihit.__main__ import run; run()"
    done = python("-c", ending)
    assert (done.returncode, done.stderr) == (0, "")
