import math
from dataclasses import replace

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import TINY, tiny

from minihit import tree
from minihit.bench import case
from minihit.models import hit
from minihit.models.hit import generator
from minihit.training import state, step


def test_a_step_is_that_of_training():
    here, there = case.make(TINY, seed=3), case.make(TINY, seed=3)
    run = case.step_of(here)
    run()
    run()
    for number in (1, 2):
        grads, averages, _ = step.gradients(there.training.networks, there.real, there.draws, TINY)
        state.apply(there.training, grads, averages, number, TINY)
    assert_same(here.training.trees, there.training.trees)


STDDEV = replace(tiny(micro_batch=0), discriminator=replace(TINY.discriminator, minibatch_stddev=True))


@pytest.mark.parametrize("preset", [TINY, tiny(micro_batch=0), tiny(micro_batch=3), tiny(batch=20, micro_batch=0),
                                    STDDEV], ids=["parts", "lanes", "uneven", "more lanes", "stddev"])
def test_parts_cover_the_batch_and_functions_see_each(preset):
    here = case.make(preset)
    images = [here.real[part] for part in here.parts]
    np.testing.assert_array_equal(np.concatenate(images), here.real)
    assert here.each(lambda x, y: (x + y).sum(), images, images)() == [2 * x.sum() for x in images]


@pytest.mark.parametrize("micro_batch", [0, 2, 9])
def test_parts_are_those_of_a_step(micro_batch, monkeypatch):
    here, sizes = case.make(tiny(micro_batch=micro_batch)), []
    forward = generator.forward

    def noted(params, z, *others, **options):
        sizes.append(len(z))
        return forward(params, z, *others, **options)

    monkeypatch.setattr(hit, "forward", noted)
    case.step_of(here)()
    assert sorted(sizes) == sorted(len(here.real[part]) for part in here.parts)


def test_images_per_second_are_those_of_whole_steps_that_take_turns(monkeypatch):
    order, step_of = [], case.step_of
    monkeypatch.setattr(case, "step_of", lambda here: lambda: order.append(here.preset.recipe.batch) or step_of(here)())
    found = case.images_per_second({"two": tiny(batch=2), "four": tiny(batch=4)}, "cpu", rounds=2)
    assert order == [2, 4, 2, 4, 4, 2]                                    # the first two warm up
    assert list(found) == ["two", "four"] and all(0 < speed < math.inf for speed in found.values())


def test_inference_makes_the_images_of_the_moving_average():
    here = case.make(TINY)
    ema = here.training.trees["ema"]["generator"]
    tree.map(lambda leaf: np.add(leaf, 0.1, out=leaf), ema)
    expected, _ = generator.forward(ema["params"], here.draws["z"], TINY.generator, ema["averages"])
    np.testing.assert_allclose(np.concatenate(case.inference_of(here)()), expected, atol=1e-5)
