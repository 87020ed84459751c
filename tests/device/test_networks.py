"""Every op, layer and network, and the gradients of a whole step, on the device and in NumPy: leaf by leaf the same."""

from dataclasses import replace

import numpy as np
import pytest
from objectives import test_adversary as adversaries
from support import autoencoders
from support.helpers import normal
from support.networks import DISCRIMINATORS, GENERATORS, STYLEGAN2S, make_generator, make_stylegan2
from test_contract import arrays, every_case, every_dtype, forward, gradients, run
from training.test_loop import VARIANTS
from training.test_step import PRESETS, make

from minihit import tree
from minihit.backend import device_module, to_device
from minihit.gradcheck.table import CHECKS
from minihit.layers.norm import How
from minihit.models import stylegan2
from minihit.models.hit import generator
from minihit.objectives import adversary
from minihit.ops.switch import plain
from minihit.training import state, step

STEPS = {**{name: (preset, make) for name, preset in PRESETS.items()},
         **{name: (preset, autoencoders.make) for name, preset in autoencoders.STEPS.items()}}


def upload(leaves):
    """Arrays to the device; names, sizes and configurations stay what they are."""
    def moved(x):
        if isinstance(x, How):
            return replace(x, averages=upload(x.averages))
        return device_module("gpu").asarray(x) if isinstance(x, np.ndarray) else x

    return tree.map(moved, leaves)


@every_dtype
@every_case
def test_forward_and_backward_agree_with_numpy(gpu, case, dtype):
    assert_agrees_with_numpy(gpu, case, dtype)


@every_dtype
@pytest.mark.parametrize("name", [name for name, case in CHECKS.items() if not case.network])
def test_definitions_agree_with_numpy(gpu, name, dtype):
    with plain():
        assert_agrees_with_numpy(gpu, CHECKS[name], dtype)


def assert_agrees_with_numpy(gpu, case, dtype):
    """The second time nothing is transferred: by then constants have been uploaded. A cache is its device's own, and is
    NumPy's only on the double, where both sides take the same kernels."""
    expected = run(case, dtype)
    params, inputs, options, dy = upload([expected.params, expected.inputs, expected.options, expected.dy])
    for _ in range(2):
        if gpu.exact:
            gpu.transfers.start()
        y, cache = forward(case, params, inputs, options)
        found = [y, gradients(case, dy, cache)]
    if gpu.exact:
        assert (gpu.transfers.syncs, gpu.transfers.uploads) == ([], [])
        gpu.agree(arrays(cache), arrays(expected.cache))
    gpu.agree(arrays(found), arrays([expected.y, expected.gradients]))


@every_dtype
@pytest.mark.parametrize("name", STEPS)
def test_the_gradients_of_a_step_agree_with_numpy(gpu, name, dtype):
    preset, make_inputs = STEPS[name]
    inputs = make_inputs(preset, dtype=dtype)
    on_device = to_device(inputs, "gpu")
    if gpu.exact:
        gpu.transfers.start()
    found = step.gradients(*on_device, preset)
    if gpu.exact:
        assert (gpu.transfers.syncs, gpu.transfers.uploads) == ([], [])
        assert {kind for kind in gpu.transfers.dtypes if kind.kind == "f"} == {np.dtype(dtype)}
    gpu.agree(found, step.gradients(*inputs, preset))


@every_dtype
@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_what_an_adversary_adds_agrees_with_numpy(gpu, name, dtype):
    params, image, original, dimage, _, draws, preset = adversaries.example(name, dtype=dtype)
    hidden = normal(0, *image.shape[:3], 5, dtype=dtype)

    def terms(params, image, original, dimage, hidden, draws):
        def last_gradient(dimage):
            return hidden.reshape(-1, 5).T @ dimage.reshape(-1, 3)

        return adversary.terms(params, image, original, dimage, last_gradient, draws, preset)

    inputs = params, image, original, dimage, hidden, draws
    on_device = to_device(inputs, "gpu")
    if gpu.exact:
        gpu.transfers.start()
    found = terms(*on_device)
    if gpu.exact:
        assert (gpu.transfers.syncs, gpu.transfers.uploads) == ([], [])
    gpu.agree(found, terms(*inputs))


@pytest.mark.parametrize("name", ["everything", "everything, stddev"])
def test_a_step_on_definitions_agrees_with_numpy(gpu, name):
    """And moves nothing between host and device."""
    with plain():
        test_the_gradients_of_a_step_agree_with_numpy(gpu, name, np.float32)


@pytest.mark.parametrize("name", GENERATORS)
def test_images_made_in_strips_agree_with_numpy(gpu, name):
    config = GENERATORS[name]
    params, z, averages = make_generator(config, np.random.default_rng(0), np.float32)
    params_there, z_there, averages_there = to_device([params, z, averages], "gpu")
    if gpu.exact:
        gpu.transfers.start()
    found = generator.generate(params_there, z_there, config, averages_there, pixels=64)
    if gpu.exact:
        assert (gpu.transfers.syncs, gpu.transfers.uploads) == ([], [])
    gpu.agree({"image": found}, {"image": generator.generate(params, z, config, averages, pixels=64)})


@pytest.mark.parametrize("name", STYLEGAN2S)
def test_truncated_images_and_the_average_of_w_agree_with_numpy(gpu, name):
    config = STYLEGAN2S[name]
    host = make_stylegan2(config, np.random.default_rng(0), np.float32)

    def found(params, z, averages, noise):
        _, cache = stylegan2.forward(params, z, config, noise=noise)
        return {"image": stylegan2.generate(params, z, config, averages, truncation=0.7),
                **stylegan2.update_averages(averages, cache)}

    on_device = to_device(host, "gpu")
    found(*on_device)                                                     # the fixed maps are up from here on
    if gpu.exact:
        gpu.transfers.start()
    there = found(*on_device)
    if gpu.exact:
        assert (gpu.transfers.syncs, gpu.transfers.uploads) == ([], [])
        assert {kind for kind in gpu.transfers.dtypes if kind.kind == "f"} == {np.dtype(np.float32)}
    gpu.agree(there, found(*host))


@pytest.mark.parametrize("name", ["momentum", "clipping", "layer norm"])
def test_the_optimisers_agree_with_numpy(gpu, name):
    preset, rng = VARIANTS[name], np.random.default_rng(0)
    host, device = state.create(0, preset), state.create(0, preset, "gpu")
    grads = {name: tree.map(lambda leaf: rng.standard_normal(leaf.shape, dtype=np.float32), network["params"])
             for name, network in host.networks.items()}
    averages = {"generator": tree.map(lambda leaf: leaf + 0.5, host.networks["generator"]["averages"])}
    grads_there, averages_there = to_device([grads, averages], "gpu")
    if gpu.exact:
        gpu.transfers.start()
    for number in (1, 11):                                                # the moving average begins after step 10
        expected = state.apply(host, grads, averages, number, preset)
        found = state.apply(device, grads_there, averages_there, number, preset)
    if gpu.exact:
        assert (gpu.transfers.syncs, gpu.transfers.uploads) == ([], [])
    gpu.agree([device.trees, found], [host.trees, expected])
