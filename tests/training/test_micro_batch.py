"""Micro-batches add up to the batch: the same gradients for D, and for G with layer norm; not with batch norm."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import seeds
from support.runs import TINY
from training.test_step import make

from minihit import tree
from minihit.training import step

TERMS = st.sampled_from([{}, {"r1": 0.0}, {"consistency": 10.0}, {"consistency": 10.0, "augment": ("color", "cutout")},
                         {"wgan_gp": 3.0}, {"loss": "hinge"}])


def gradients(inputs, preset, micro_batch):
    return step.gradients(*inputs, replace(preset, recipe=replace(preset.recipe, micro_batch=micro_batch)))


def assert_close(actual, expected):
    for (path, a), (_, b) in zip(tree.items(actual), tree.items(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, err_msg=path)


def preset_with(norm, terms):
    return replace(TINY, generator=replace(TINY.generator, norm=norm), recipe=replace(TINY.recipe, **terms))


@given(micro_batch=st.integers(1, 4), terms=TERMS, seed=seeds)
def test_both_gradients_and_all_losses_are_those_of_the_batch_with_layer_norm(micro_batch, terms, seed):
    preset = preset_with("layer", terms)
    inputs = make(preset, seed)
    assert_close(gradients(inputs, preset, micro_batch), gradients(inputs, preset, 0))


@given(micro_batch=st.integers(1, 3), terms=TERMS, seed=seeds)
def test_the_real_images_do_not_notice_with_batch_norm(micro_batch, terms, seed):
    """What D sees of real images is the same, so are R1 and that part of bCR; the fakes are others."""
    preset = preset_with("batch", terms)
    inputs = make(preset, seed)
    whole, parts = (gradients(inputs, preset, size)[2] for size in (0, micro_batch))
    for name in ("real_loss", "real_logits", *["r1"] * ("r1" in whole)):
        np.testing.assert_allclose(parts[name], whole[name], rtol=1e-9)


@pytest.mark.parametrize("micro_batch", [1, 2])
def test_batch_norm_takes_its_statistics_from_a_micro_batch(micro_batch):
    """Known and documented: the help of --micro-batch says it."""
    preset = preset_with("batch", {})
    inputs = make(preset)
    whole, parts = (gradients(inputs, preset, size)[0]["generator"] for size in (0, micro_batch))
    a, b = whole["start"]["weight"], parts["start"]["weight"]
    assert abs(a - b).max() > 1e-3 * abs(a).max()
