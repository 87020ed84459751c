import io
import os
import signal
import sys

import numpy as np
import pytest

from minihit.errors import UserError
from minihit.training import guard
from minihit.training.run import checkpoint
from minihit.training.run.folder import RunFolder


def test_the_first_leaf_that_is_not_finite_is_named():
    leaves = {"one": np.zeros(2), "two": [np.array([1.0, np.inf])]}
    assert guard.first_not_finite({"net": leaves}) == "net/two/0"
    assert guard.first_not_finite({"net": {"one": np.zeros(2)}}) is None


def test_an_infinite_metric_with_finite_gradients_is_named(tmp_path):
    with pytest.raises(UserError, match=r"step 7: fake_loss is not finite.*start another run"):
        guard.check_finite({"real_loss": 1.0, "fake_loss": np.inf}, {"generator": np.zeros(2)}, 7, RunFolder(tmp_path))


def test_the_newest_checkpoint_from_before_is_named(tmp_path):
    folder = RunFolder(tmp_path / "run")
    for step in (2, 4):
        checkpoint.save(checkpoint.path_of(folder.checkpoints, step), {"one": np.zeros(2)}, {"step": step})
    with pytest.raises(UserError, match=r"not finite; step-00000004\.npz from before is whole: start another run"):
        guard.check_finite({"fake_loss": np.inf}, {"generator": np.zeros(2)}, 7, folder)
    guard.check_finite({"fake_loss": 1.0}, {"generator": np.full(2, np.inf)}, 7, folder)      # seen by its metrics


def press():
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_ctrl_c_waits_and_the_second_does_not(capfd):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), guard.interruptible() as pressed:
        assert not pressed
        press()
        assert pressed
        press()
    assert signal.getsignal(signal.SIGINT) is before
    assert capfd.readouterr().err == "\nCtrl-C: finishing this step and saving; press it again to stop at once\n"


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_waits_however_often_it_comes_and_ctrl_c_does_not(capfd, first):
    with pytest.raises(KeyboardInterrupt), guard.interruptible() as asked:
        for number in (first, signal.SIGHUP, signal.SIGTERM):
            os.kill(os.getpid(), number)
        assert asked[0] == first
        press()
    assert capfd.readouterr().err == (f"\n{first.name}: finishing this step and saving; press Ctrl-C to stop at once\n")


def test_ctrl_c_in_the_middle_of_a_print_is_no_error(monkeypatch):
    """A handler that printed would meet "reentrant call inside BufferedWriter"."""
    read, write = os.pipe()

    class Pressing(io.FileIO):
        def write(self, content):
            if not pressed:
                press()
            return super().write(content)

    out = io.TextIOWrapper(io.BufferedWriter(Pressing(write, "w")), line_buffering=True)
    with monkeypatch.context() as patch, guard.interruptible() as pressed:
        patch.setattr(sys, "stdout", out)
        print("a line")
    assert os.read(read, 100) == b"a line\n" and pressed
    os.close(read)
    out.close()
