"""Calls are noted as they are made, and nothing is changed by it."""

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import AUTOENCODERS, TINY, TINY_STYLEGAN2

from minihit import objectives, tree
from minihit.layers import linear, mlp
from minihit.layers.norm import How
from minihit.models import hit
from minihit.ops import gelu
from minihit.ops.switch import plain
from minihit.tracing import Found, traced
from minihit.training import state


def functions():
    return linear.forward, linear.backward, mlp.forward, gelu.forward, hit.forward, hit.generator.forward


def everything(calls):
    for call in calls:
        yield call
        yield from everything(call.calls)


def test_a_layer_is_noted_with_the_calls_that_it_makes():
    rng = np.random.default_rng(0)
    params, x = mlp.init(rng, 6), rng.standard_normal((2, 5, 6))
    with plain(), traced({"net": {"params": params}}) as calls:
        y, cache = mlp.forward(params, x, How("layer"))
        dx, _ = mlp.backward(y, cache)
    forth, back = calls
    assert forth[:4] == ("minihit.layers.mlp", "forward", "net", [x.shape])
    assert forth.found == [Found("", y.shape, y.mean(), y.std())]
    assert back.found == [Found("", x.shape, dx.mean(), dx.std())]
    norm, feed_forward = forth.calls
    assert (norm.module, norm.path) == ("minihit.layers.norm", "net/norm")
    assert [call.module for call in everything([norm])][1:] == ["minihit.layers.layer_norm", "minihit.ops.normalize"]
    assert (feed_forward.module, feed_forward.path) == ("minihit.ops.feed_forward", "")
    assert [call.module for call in feed_forward.calls] == ["minihit.ops.gelu"]
    assert (back.function, back.path, back.given) == ("backward", "net", [y.shape])
    assert [call.path for call in back.calls] == ["", "net/norm"]         # on the way back the cache says whose it is


def test_arrays_of_a_tree_are_named_and_a_deep_tree_is_one():
    params = linear.init(np.random.default_rng(0), 3, 2)
    x, dy = np.ones((4, 3)), np.ones((4, 2))
    with traced({"net": {"params": params}}) as calls:
        linear.weight_gradient(dy, linear.forward(params, x)[1])
    assert calls[1].found == [Found("weight", (3, 2), 4.0, 0.0), Found("bias", (2,), 4.0, 0.0)]
    objective, (networks, *others) = objectives.of(TINY), step(TINY)
    with plain(), traced(networks) as calls:
        grads, _, _ = objective.gradients(networks, *others, TINY)
    (whole,) = [call for call in calls if call.function == "loss_gradients"][-1].found
    count = len(list(tree.items(grads["discriminator"])))
    assert (whole.name, whole.shape) == (f"{count} arrays", (tree.size(grads["discriminator"]),))


def step(preset):
    rng, networks = np.random.default_rng(0), state.create(0, preset).networks
    images = rng.uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    return networks, images, objectives.of(preset).draw(rng, 4, preset, 1)


PRESETS = {"hit": TINY, "stylegan2": TINY_STYLEGAN2, "vae": AUTOENCODERS["vae"], "vqvae": AUTOENCODERS["vqvae"]}


@pytest.mark.parametrize("on", [True, False], ids=["definitions", "twins"])
@pytest.mark.parametrize("name", PRESETS)
def test_a_step_that_is_traced_is_the_same_to_the_last_bit(name, on):
    preset = PRESETS[name]
    networks, images, draws = step(preset)
    gradients = objectives.of(preset).gradients
    with plain(on):
        expected = gradients(networks, images, draws, preset)
        with traced(networks) as calls:
            found = gradients(networks, images, draws, preset)
    assert_same(found[0], expected[0])
    assert_same(found[1], expected[1])
    assert {call.path.partition("/")[0] for call in calls} >= {*networks}
    assert len(list(everything(calls))) > 30


def test_all_is_as_before_when_the_block_ends_even_by_a_mistake():
    before = functions()
    with traced({}):
        assert all(one is not other for one, other in zip(functions(), before, strict=True))
        assert hit.forward is hit.generator.forward                       # one function under two names, one call
    assert functions() == before
    with pytest.raises(ZeroDivisionError), traced({}) as calls:
        gelu.forward(np.ones(3))
        raise ZeroDivisionError
    assert functions() == before and len(calls) == 1


def test_a_call_that_fails_leaves_the_next_one_in_its_place():
    with traced({}) as calls:
        with pytest.raises(ValueError):
            linear.forward(linear.init(np.random.default_rng(0), 3, 2), np.ones((4, 5)))
        gelu.forward(np.ones(3))
    assert [call.module for call in calls] == ["minihit.ops.gelu"]
