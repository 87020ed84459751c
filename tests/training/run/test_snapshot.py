"""What a run goes on from: its own arrays, on its own images, with nothing left over of what came after."""

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import TINY, image_set, run_config

from minihit.errors import UserError
from minihit.training import state
from minihit.training.run import checkpoint, log, snapshot
from minihit.training.run.folder import RunFolder

IMAGES = np.zeros((30, 16, 16, 3), np.uint8)
DATA = image_set(IMAGES, held_out=3, source="photos", fingerprint="abc")


@pytest.fixture
def saved(tmp_path):
    """(RunFolder, State) after step 3."""
    folder, training = RunFolder(tmp_path), state.create(1, TINY)
    snapshot.save(run_config(), folder, DATA, training, 3)
    return folder, training


def test_what_is_saved_is_restored(saved):
    folder, training = saved
    other = state.create(0, TINY)
    assert snapshot.restore(folder, DATA, other, "cpu") == 3
    assert_same(other.trees, training.trees)
    facts = checkpoint.load_newest(folder.checkpoints, other.trees)[1]
    assert (facts["step"], facts["position"], facts["data"]) == (3, 12, "abc")


def test_other_images_are_refused_and_change_nothing(saved):
    folder, _ = saved
    changed = image_set(IMAGES + 1, held_out=3, source="photos", fingerprint="abd")
    training = state.create(0, TINY)
    with pytest.raises(UserError, match=r"was trained on other images than .* photos .*: put the old ones back"):
        snapshot.restore(folder, changed, training, "cpu")
    assert_same(training.trees, state.create(0, TINY).trees)


def test_a_checkpoint_from_before_fingerprints_is_resumed(saved):
    folder, training = saved
    checkpoint.save(checkpoint.path_of(folder.checkpoints, 4), training.trees, {"step": 4})
    assert snapshot.restore(folder, DATA, state.create(0, TINY), "cpu") == 4


def test_what_came_after_the_checkpoint_goes(saved):
    folder, _ = saved
    checkpoint.path_of(folder.checkpoints, 9).write_bytes(b"half")
    partial = folder.checkpoints / f".step-00000005.npz.{'0' * 32}.partial"
    partial.write_bytes(b"half")
    for step in (2, 3, 4):
        log.append(folder.log, {"step": step})
    done = snapshot.restore(folder, DATA, state.create(0, TINY), "cpu")
    snapshot.clear(folder, done)
    assert [path.name for path in folder.checkpoints.iterdir()] == ["step-00000003.npz"]
    assert [record["step"] for record in log.read(folder.log)] == [2, 3]


def test_only_the_newest_are_kept(saved):
    folder, training = saved
    for step in (4, 5):
        snapshot.save(run_config(keep=2), folder, DATA, training, step)
    assert [checkpoint.step_of(path) for path in checkpoint.newest(folder.checkpoints)] == [5, 4]
