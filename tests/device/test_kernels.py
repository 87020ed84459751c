"""The costs that the double counts: small expressions whose launches and bytes are known, computed or not."""

import numpy as np
import pytest
from strict_cupy import launches
from strict_cupy.kernels import Cost
from support.helpers import assert_same
from training.test_step import PRESETS, make

from minihit import optim, tree
from minihit.backend import array_module, fused, to_device, to_host
from minihit.layers import batch_norm
from minihit.ops import gelu, normalize
from minihit.ops.fast import constants
from minihit.training import step

X = np.ones((3, 4), np.float32)                                           # 48 bytes
V = np.ones(4, np.float32)                                                # 16 bytes
BATCH = np.ones((5, 3, 4), np.float32)                                    # 240 bytes


@fused
def chain(x, y):
    return x + y, array_module(x).exp(x) * 2.0


@fused
def store(x, y):
    y *= 2.0
    y += x


@fused
def overwrite(x, y):
    y[...] = x * 2.0
    y += 1.0


COSTS = {
    "a sum": (lambda xp, x: x + x, 1, 96),
    "with a number": (lambda xp, x: 2.0 - x, 1, 96),
    "broadcast": (lambda xp, x: x * x[0], 1, 96),
    "a chain": (lambda xp, x: xp.exp(x * 2.0) + x, 3, 96 + 96 + 144),
    "in place": (lambda xp, x: x.__iadd__(x[0]), 1, 96),
    "into out": (lambda xp, x: xp.add(x, x, out=x), 1, 96),
    "a comparison": (lambda xp, x: x > 0, 1, 60),
    "another type": (lambda xp, x: x.astype(np.float64), 1, 144),
    "views": (lambda xp, x: x.T.reshape(4, 3)[1:].swapaxes(0, 1)[..., None], 0, 0),
    "a reshape that copies": (lambda xp, x: x.T.reshape(-1), 1, 96),
    "a broadcast view made real": (lambda xp, x: xp.broadcast_to(x[0], (3, 4)).reshape(-1), 1, 64),
    "an empty array": (lambda xp, x: xp.empty_like(x), 0, 0),
    "ones": (lambda xp, x: xp.ones(4, np.float32), 1, 16),
    "a reduction": (lambda xp, x: x.sum(axis=0), 1, 64),
    "assignment": (lambda xp, x: x.__setitem__(slice(1), x[1:2]), 1, 32),
    "a fill": (lambda xp, x: x.__setitem__(..., 0.0), 1, 48),
    "joining": (lambda xp, x: xp.concatenate([x, x[:1]]), 2, 2 * (48 + 16)),
    "indices": (lambda xp, x: x[xp.arange(2)], 1 + 3, 16 + 16 + 64),
    "a product": (lambda xp, x: x @ x.T, 1, 48 + 36),
    "a product of columns": (lambda xp, x: x[:, :2] @ x[:2], 2, 2 * 24 + 24 + 32 + 48),
    "two vectors": (lambda xp, x: x[0] @ x[1], 2, 16 + 16 + 16 + 16 + 4),
    "fused": (lambda xp, x: chain(x, x[...]), 1, 3 * 48),
    "fused in place": (lambda xp, x: store(x, x[...]), 1, 2 * 48),
    "fused, overwriting": (lambda xp, x: overwrite(x, x[...]), 1, 2 * 48),
}


@pytest.fixture(params=[False, True], ids=["computed", "dry"])
def dry(request):
    return request.param


def cost(function, *arrays, dry):
    """What the function costs, with the arrays on the device."""
    arrays = to_device(list(arrays), "gpu")
    launches.start(dry)
    function(*arrays)
    found = launches.total()
    launches.start()
    return found


@pytest.mark.parametrize("name", COSTS)
def test_a_small_expression_has_its_known_cost(double, name, dry):
    function, *expected = COSTS[name]
    assert cost(lambda x: function(double, x), X, dry=dry) == Cost(*expected)


def test_adding_to_a_part_writes_once(double, dry):
    def add(x):
        x[1:] += 1.0

    assert cost(add, X, dry=dry) == Cost(1, 64)


def test_batches_of_products_are_one_launch_unless_they_are_transposed_or_broadcast(double, dry):
    right = np.ones((5, 4, 2), np.float32)                                # 160 bytes; the result has 120
    assert cost(lambda a, b: a @ b, BATCH, right, dry=dry) == Cost(1, 240 + 160 + 120)
    assert cost(lambda a, b: b.swapaxes(1, 2) @ a.swapaxes(1, 2), BATCH, right, dry=dry) == Cost(
        1 + 2, (2 * 240 + 2 * 160) + 240 + 160 + 120)
    assert cost(lambda a, b: a @ b[0], BATCH, right, dry=dry) == Cost(1 + 3, 240 + 32 + 120)


def test_windows_that_overlap_are_read_once(double):
    def copies(x):
        double.lib.stride_tricks.as_strided(x, (3, 2), (4, 4)).reshape(-1)

    assert cost(copies, V, dry=False) == Cost(1, 16 + 24)


def test_what_the_arguments_of_one_kernel_share_is_read_once(double, dry):
    add, columns = fused(lambda x, y, z: x + y + z), np.ones((3, 2), np.float32)
    assert cost(lambda x, y: add(x[:, 0:3], x[:, 1:4], y[:, :1]), X, columns, dry=dry) == Cost(1, 48 + 12 + 36)
    assert cost(lambda x, y: add(x[:, 0::2], x[:, 1::2], y), X, columns, dry=dry) == Cost(1, 48 + 24 + 24)
    assert cost(lambda x, y: add(x[0], x[2], y), X, V, dry=dry) == Cost(1, 2 * 16 + 16 + 16)


@pytest.mark.parametrize("function", [
    lambda x, y: x.sum(), lambda x, y: x[0] + y[0], lambda x, y: x.reshape(-1), lambda x, y: x @ y,
    lambda x, y: x * x.shape[0], lambda x, y: x.T + 1.0,
], ids=["a sum", "an index", "a reshape", "a product", "the shape", "a transpose"])
def test_what_is_not_elementwise_is_not_fused(double, function):
    with pytest.raises(TypeError, match="not elementwise"):
        cost(fused(function), X, X, dry=False)


def test_numbers_do_not_meet_in_a_fused_function(double):
    with pytest.raises(TypeError, match="unsupported operand"):
        cost(lambda x: fused(lambda x, a: x * (1.0 - a))(x, 0.5), X, dry=False)


def test_a_result_smaller_than_the_arguments_is_not_fused(double):
    with pytest.raises(TypeError, match=r"as large as \(3, 4\)"):
        cost(lambda x: fused(lambda x, y: (x + y, y * 2.0))(x, x[0]), X, dry=False)


def test_phases_are_counted_apart(double):
    x = double.asarray(X)
    launches.start()
    with launches.during("outer"):
        x + x
        with launches.during("inner"):
            x * 2.0
        x + x
    assert launches.counts == {"outer": Cost(2, 192), "inner": Cost(1, 96)}


def test_gelu_adam_and_the_moving_average_are_one_launch_each(double, dry):
    flat = [V.copy() for _ in range(4)]
    assert cost(gelu.forward, X, dry=dry) == Cost(1, 3 * 48)
    assert cost(lambda p, g, m, v: optim.adam(p, g, {"first": m, "second": v}, 3, 0.1), *flat, dry=dry) == Cost(1, 112)
    assert cost(lambda average, values: optim.ema(average, values, 20), V, V, dry=dry) == Cost(1, 48)


def test_trees_are_added_by_their_keys_and_all_leaves_at_once(double):
    """Three kernels: each tree into a row, and the sum of both."""
    first = {"start": {"weight": X, "bias": V}, "stages": [{"position": BATCH}]}
    second = {"stages": [{"position": BATCH[::-1]}], "start": {"bias": 2 * V, "weight": 3 * X}}
    there = to_device([first, second], "gpu")
    launches.start()
    found = tree.add(*there)
    assert launches.total().launches == 3
    assert_same(to_host(found), tree.add(first, second))


def test_a_function_of_all_leaves_is_one_kernel_beside_those_that_gather_them(double):
    averages = {"stages": [{"norm": {"mean": V, "variance": 2 * V}, "other": {}}]}
    cache = {"stages": [{"norm": {"mean": 3 * V, "unbiased": 4 * V, "scale": V}, "other": {"x": X}}]}
    there = to_device([averages, cache], "gpu")
    launches.start()
    found = batch_norm.fold(*there, share=0.5)
    assert launches.total().launches == 3
    assert_same(to_host(found), batch_norm.fold(averages, cache, share=0.5))


def test_a_norm_per_channel_reads_a_map_nine_times_and_writes_it_four_times(double, dry):
    """Forward: two sums, the squares, y; backward: two sums, what the first adds up, dx. All else is short."""
    x, dy, skip = np.ones((3, 64, 4), np.float32)
    scale = bias = V
    constants.ones(double, 64, x.dtype)

    def forward(x, scale, bias):
        return normalize.forward(x, scale, bias, "channel", 1e-3)[1]

    there = cost(forward, x, scale, bias, dry=dry)
    assert there.launches == 5
    both = cost(lambda x, dy, skip, scale, bias: normalize.backward(dy, forward(x, scale, bias), skip), x, dy, skip,
                scale, bias, dry=dry)
    assert both.launches == 5 + 4
    maps = (both.bytes - 4 * 64 * 4) / x.nbytes                           # but for the ones of four sums
    assert 6 + 9 < maps < 6 + 9 + 0.6


@pytest.mark.parametrize("name", ["everything", "bCR", "R1, stddev"])
def test_what_is_not_computed_launches_the_same(double, name):
    """Only copies differ: NumPy keeps the order of its operands, so it copies elsewhere."""
    preset = PRESETS[name]
    inputs = to_device(make(preset, dtype=np.float32), "gpu")
    found = []
    for dry in (False, True):
        launches.start(dry)
        grads = step.gradients(*inputs, preset)[0]
        found.append((launches.total().launches, {name: sum(1 for _ in leaves) for name, leaves in grads.items()}))
        launches.start()
    assert found[1][0] == pytest.approx(found[0][0], rel=0.03)
    assert found[1][1] == found[0][1]
