"""A learner's layers in the place of the library's: the same step, every function called, and all put back."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from support.exercises import OF_ADVERSARIES, OF_AUTOENCODERS
from support.runs import TINY, TINY_VAE, TINY_VQVAE

from minihit import objectives, tree
from minihit.errors import UserError
from minihit.gradcheck.exceptions import InFile
from minihit.layers import linear
from minihit.learn import own
from minihit.learn.replacing import using
from minihit.ops import augment, feed_forward, gelu, join, quantize
from minihit.training import state, step

EVERYTHING = replace(
    TINY, recipe=replace(TINY.recipe, micro_batch=0, clip=1.0, augment=("color", "translation"), consistency=2.0))
LAYER_NORM = replace(EVERYTHING, generator=replace(EVERYTHING.generator, norm="layer", windows=(None, None)))
COUPLED = replace(EVERYTHING, discriminator=replace(EVERYTHING.discriminator, minibatch_stddev=True))
PRESETS = {"GAN": EVERYTHING, "GAN, layer norm": LAYER_NORM, "GAN, stddev": COUPLED,
           "VAE": replace(TINY_VAE, recipe=replace(TINY_VAE.recipe, micro_batch=0)),
           "VQ-VAE": replace(TINY_VQVAE, recipe=replace(TINY_VQVAE.recipe, micro_batch=0))}


def stepped(preset, number=20):
    """(gradients, metrics, state) after one step of training in float32."""
    rng = np.random.default_rng(0)
    training = state.create(0, preset)
    real = rng.standard_normal((4, preset.size, preset.size, 3)).astype("float32")
    draws = objectives.of(preset).draw(rng, 4, preset, number)
    grads, averages, metrics = step.gradients(training.networks, real, draws, preset)
    state.apply(training, grads, averages, number, preset)
    return grads, metrics, training


@pytest.mark.parametrize("name", PRESETS)
def test_a_whole_step_is_the_same_with_a_learners_layers(functions, name):
    """In float32, which their float64 results are rounded to."""
    expected = stepped(PRESETS[name])
    with using(functions):
        found = stepped(PRESETS[name])
    for part, (here, there) in enumerate(zip(found, expected, strict=True)):
        here, there = (dict(tree.items(one.trees if part == 2 else one)) for one in (here, there))
        largest = max(float(abs(leaf).max()) for leaf in there.values())
        assert here.keys() == there.keys()
        for path, leaf in there.items():
            np.testing.assert_allclose(here[path], leaf, rtol=2e-3, atol=2e-5 * largest, err_msg=path)
    assert {leaf.dtype for _, leaf in tree.items(found[0])} == {np.dtype("float32")}


@pytest.mark.parametrize("names, presets", [
    (OF_ADVERSARIES, ("GAN", "GAN, layer norm", "GAN, stddev")), (OF_AUTOENCODERS, ("VAE", "VQ-VAE"))])
def test_each_of_their_functions_is_called(functions, names, presets):
    """Nothing goes past them, not even a tuned twin that knows how GELU or softmax is made."""
    calls = Counter()

    def counted(name, function, each):
        def call(*args, **options):
            calls[name, each] += 1
            return function(*args, **options)
        call.__wrapped__ = function                                        # for its signature
        return call

    counting = {name: {each: counted(name, function, each) for each, function in own.items()}
                for name, own in functions.items() if name in names}
    with using(counting):
        for name in presets:
            stepped(PRESETS[name])
    uncalled = {(name, each) for name, own in counting.items() for each in own} - calls.keys()
    assert uncalled <= {("residual_downsample", "backward"), ("stage", "forward")}


def test_afterwards_all_is_the_librarys_again(functions):
    before = {each: getattr(module, each) for module, each in (
        (gelu, "forward"), (linear, "tangent"), (augment, "POLICIES"), (feed_forward, "forward"))}
    with pytest.raises(ZeroDivisionError), using(functions):
        assert gelu.forward is not before["forward"]
        raise ZeroDivisionError
    assert gelu.forward(np.ones(3))[1].keys() == {"slope"}
    assert linear.tangent is before["tangent"] and augment.POLICIES is before["POLICIES"]
    assert feed_forward.forward is before["forward"]


def test_an_exception_while_training_is_told_with_its_line(folder):
    here = folder(gelu="def forward(x):\n    return x / 0, {}\n\ndef backward(dy, cache):\n    return 1 / 0\n")
    path = here / "gelu.py"
    functions = own._functions(own.chapter_of(path), path, "gelu")
    with using({"gelu": functions}), np.errstate(all="ignore"):
        _, cache = gelu.forward(np.ones(3))
        with pytest.raises(InFile, match=r"gelu.py, line 5: ZeroDivisionError"):
            gelu.backward(np.ones(3), cache)


def test_an_option_that_a_learners_forward_does_not_take_is_refused(functions):
    with using({"quantize": functions["quantize"]}):
        quantize.forward(np.ones((2, 3)), np.ones((4, 3)), False)
        with pytest.raises(UserError, match=r"quantize: this training hands its forward rotate, too, and yours does"):
            quantize.forward(np.ones((2, 3)), np.ones((4, 3)), True)


def test_a_second_branch_that_is_called_skip_is_an_input_and_not_something_to_be_added():
    main, skip = np.ones(3), np.full(3, 2.0)
    own = {"forward": lambda main, skip: ((main + skip) / 2, {}), "backward": lambda dy, cache: (dy / 2, dy / 2)}
    with using({"join": own}):
        y, cache = join.forward(main, skip)
        np.testing.assert_array_equal(y, 1.5)
        np.testing.assert_array_equal(join.backward(y, cache), 0.75)
        np.testing.assert_array_equal(join.tangent(main, skip, cache), 1.5)
