"""The same seed gives the same bits: twice in one process, in two processes, with more threads. Float32 stays."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import records, run_config, tiny
from threadpoolctl import threadpool_limits
from training.test_step import PRESETS, make

import minihit
from minihit import presets, tree
from minihit.bench import case
from minihit.models import discriminator, hit, stylegan2
from minihit.models.discriminator import network
from minihit.ops import augment
from minihit.training import loop, state, step
from minihit.training.run import checkpoint
from minihit.training.run.folder import RunFolder

PRESET = tiny(wgan_gp=3.0, consistency=2.0, augment=("color", "translation", "cutout"), clip=0.5)
PATHS = [str(Path(minihit.__file__).parents[1]), str(Path(__file__).parents[1])]
TRAIN = "import sys; from training import test_determinism as t; t.train(t.RunFolder(t.Path(sys.argv[1])))"
PARTS = {
    "HiT": (hit, ("forward", "backward", "update_averages")),
    "StyleGAN2": (stylegan2, ("forward", "backward", "update_averages")),
    "discriminator": (discriminator, ("forward",)),
    "the discriminator's algebra": (network, ("tangent", "input_gradient", "weight_gradient")),
    "augmentation": (augment, ("forward",)),
}


def train(folder):
    loop.train(run_config(PRESET), folder)
    return left(folder)


def left(folder):
    """All that a run leaves and no clock decides: the arrays of its newest checkpoint, the facts, the log."""
    arrays, facts = checkpoint.load_newest(folder.checkpoints, state.create(0, PRESET).trees)
    return arrays, {"facts": facts, "records": records(folder)}


def assert_same_run(actual, expected):
    assert_same(actual[0], expected[0])
    assert actual[1] == expected[1]


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return train(RunFolder(tmp_path_factory.mktemp("once")))


def test_a_second_run_in_this_process(tmp_path, once):
    assert_same_run(train(RunFolder(tmp_path)), once)


def test_another_process_with_other_hashes_and_more_threads(tmp_path, once):
    """Hashes order sets; BLAS may cut a product into as many pieces as it has threads."""
    environment = {**os.environ, "PYTHONHASHSEED": "1", "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2",
                   "PYTHONPATH": os.pathsep.join(PATHS)}
    subprocess.run([sys.executable, "-c", TRAIN, str(tmp_path)], env=environment, check=True, capture_output=True)
    assert_same_run(left(RunFolder(tmp_path)), once)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_inside_products(tmp_path, once, threads):
    with threadpool_limits(limits=threads, user_api="blas"):
        assert_same_run(train(RunFolder(tmp_path)), once)


@pytest.mark.parametrize("stddev, count", [(True, 4), (False, 1), (False, 4)], ids=["stddev", "one image", "lanes"])
def test_threads_inside_products_of_a_real_width(stddev, count):
    """Wide enough that BLAS would cut them into pieces."""
    faces = presets.PRESETS["faces-32"]
    preset = replace(faces, discriminator=replace(faces.discriminator, minibatch_stddev=stddev),
                     recipe=replace(faces.recipe, batch=count, micro_batch=0))
    here, results = case.make(preset), []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            results.append(step.gradients(here.training.networks, here.real, here.draws, preset))
    for one, two in zip(*results, strict=True):
        assert_same(one, two)


def test_another_seed_is_another_run(tmp_path, once):
    loop.train(run_config(PRESET, seed=1), RunFolder(tmp_path))
    different = left(RunFolder(tmp_path))[0]
    for path, leaf in tree.items(different["networks"]["generator"]["params"]):
        same = dict(tree.items(once[0]["networks"]["generator"]["params"]))[path]
        assert not np.array_equal(leaf, same) or path.endswith("bias"), path


@pytest.mark.parametrize("name", PRESETS)
def test_every_array_inside_a_step_is_float32(monkeypatch, name):
    """All that passes between the parts of a step: outputs, every leaf of every cache, tangents, gradients."""
    preset, seen = PRESETS[name], {}

    def watched(part, function):
        def call(*args, **kwargs):
            result = function(*args, **kwargs)
            seen.update({f"{part}/{function.__name__}/{path}": leaf.dtype
                         for path, leaf in tree.items(result) if hasattr(leaf, "dtype") and leaf.dtype.kind == "f"})
            return result

        return call

    for part, (module, functions) in PARTS.items():
        for function in functions:
            monkeypatch.setattr(module, function, watched(part, getattr(module, function)))
    step.gradients(*make(preset, dtype=np.float32), preset)
    assert {path: kind for path, kind in seen.items() if kind != np.float32} == {}
    assert len(seen) > 100


def test_all_that_a_run_keeps_is_float32(once):
    assert {leaf.dtype for _, leaf in tree.items(once[0])} == {np.dtype(np.float32)}
