import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import tyro

from minihit.errors import UserError
from minihit.objectives.gan_recipe import GanRecipe


@pytest.mark.parametrize("field, value, message", [
    ("loss", "wasserstein", "choose one of non_saturating, hinge"),
    ("augment", ("blur",), "choose from color, translation, cutout"),
    ("batch", 0, "above 0"),
    ("batch", 65_537, "at most 65,536"),
    ("generator_rate", -1.0, "above 0"),
    ("discriminator_rate", float("nan"), "above 0"),
    ("r1", -1.0, "0 \\(off\\) or more"),
    ("ema_decay", 1.5, "between 0 and 1"),
    *((name, value, "it must be below 1, in float32 too") for name in ("beta1", "beta2", "ema_decay")
      for value in (1.0, 0.999_999_99)),
    *((name, value, "in float32, which training computes in: choose a number nearer to 1")
      for name in ("generator_rate", "discriminator_rate", "r1", "wgan_gp", "consistency", "clip")
      for value in (1e-300, 1e300, float("inf"))),
    ("clip", 1e-9, "gradients train nothing; choose 1, or 0"),
])
def test_what_cannot_work_is_refused(field, value, message):
    with pytest.raises(UserError, match=message):
        GanRecipe(**{field: value})


FLOATS = [field.name for field in dataclasses.fields(GanRecipe) if field.type is float]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -1.0])
@pytest.mark.parametrize("name", FLOATS)
def test_no_number_is_undefined_infinite_or_negative(name, value):
    with pytest.raises(UserError, match=f"^{name} is {value}"):
        GanRecipe(**{name: value})


def test_what_is_nearly_too_much_is_taken():
    GanRecipe(beta1=0.999_999, beta2=0.999_999, ema_decay=0.999_999, clip=1e-6, r1=1e-30, generator_rate=1e-30)
    GanRecipe(beta1=0.0, beta2=0.0, ema_decay=0.0, decay_from=1.0, batch=65_536, clip=1e-7)


@pytest.mark.parametrize("fields, wrong, right", [
    (("batch", "steps"), (-1, 0), (1,)),
    (("generator_rate", "discriminator_rate"), (-1e-9, 0.0), (1e-9,)),
    (("r1", "wgan_gp", "consistency"), (-1e-9,), (0.0, 1e-9)),
    (("clip",), (-1e-9,), (0.0, 1e-6)),
    (("micro_batch",), (-1,), (0, 1)),
    (("decay_from",), (-1e-9, 1.0 + 1e-9), (0.0, 1.0)),
    (("beta1", "beta2", "ema_decay"), (-1e-9, 1.0 + 1e-9), (0.0, 0.999)),
])
def test_every_number_has_its_range(fields, wrong, right):
    for field in fields:
        for value in wrong:
            with pytest.raises(UserError, match=f"{field} is {value}: it must "):
                GanRecipe(**{field: value})
        assert [getattr(GanRecipe(**{field: value}), field) for value in right] == list(right)


@pytest.mark.parametrize("fields, value", [
    (("batch", "steps"), 0), (("clip", "micro_batch"), -1), (("decay_from", "beta1", "beta2", "ema_decay"), 2.0),
    (("beta1", "beta2", "ema_decay"), 1.0), (("generator_rate", "discriminator_rate"), 0.0),
    (("r1", "wgan_gp", "consistency"), -1.0),
    (("generator_rate", "discriminator_rate", "r1", "wgan_gp", "consistency"), 1e300),
])
def test_of_several_mistakes_the_first_is_named(fields, value):
    for i, first in enumerate(fields):
        with pytest.raises(UserError, match=f"^{first} is "):
            GanRecipe(**dict.fromkeys(fields[i:], value))


def test_a_number_that_overflows_float32_is_refused_without_a_warning():
    with np.errstate(over="raise"), pytest.raises(UserError, match="inf in float32"):
        GanRecipe(r1=1e300)


def test_what_a_machine_decides_needs_no_path_on_the_command_line():
    @dataclasses.dataclass
    class Run:
        recipe: GanRecipe

    recipe = tyro.cli(Run, args=["--batch", "8", "--steps", "70", "--micro-batch", "4"]).recipe
    assert (recipe.batch, recipe.steps, recipe.micro_batch) == (8, 70, 4)


def test_the_defaults_are_the_official_ones_where_those_do_not_belong_to_a_data_set():
    """Adam, the penalty, the average; what is optional is off, and the length is one for trying things out."""
    assert dataclasses.asdict(GanRecipe()) == {
        "batch": 32, "steps": 10_000, "generator_rate": 1e-4, "discriminator_rate": 1e-4, "decay_from": 1.0,
        "beta1": 0.0, "beta2": 0.99, "loss": "non_saturating", "r1": 10.0, "wgan_gp": 0.0, "consistency": 0.0,
        "augment": None, "clip": 0.0, "ema_decay": 0.999, "micro_batch": 0}
    assert GanRecipe.features == 0                                        # which no generated image has an original for


@pytest.mark.parametrize("count, augment", [
    (50, ("color", "translation", "cutout")), (2_000, ("color", "translation", "cutout")), (2_001, ()), (None, ()),
])
def test_few_pictures_are_augmented(count, augment):
    assert GanRecipe().for_pictures(count).augment == augment
    assert GanRecipe(augment=("cutout",)).for_pictures(count).augment == ("cutout",)
    assert GanRecipe().for_pictures(count).unsettled() == GanRecipe()     # for other pictures


def test_rates_are_constant_and_then_fall_to_nearly_zero():
    recipe = GanRecipe(steps=100, decay_from=0.5)
    factors = [recipe.decay(step) for step in range(1, 101)]
    assert factors[:50] == [1.0] * 50
    assert all(a > b > 0 for a, b in pairwise(factors[49:]))
    assert factors[-1] == pytest.approx(1 / 51)
    assert GanRecipe(steps=100).decay(100) == 1.0
    assert factors == pytest.approx(np.interp(range(1, 101), [50, 101], [1.0, 0.0]))
    assert recipe.decay(101) == recipe.decay(200) == 0.0
