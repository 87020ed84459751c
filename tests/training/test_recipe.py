from itertools import pairwise

import pytest

from minihit.errors import UserError
from minihit.training.recipe import Recipe


@pytest.mark.parametrize("field, value, message", [
    ("loss", "wasserstein", "choose one of non_saturating, hinge"),
    ("augment", ("blur",), "choose from color, translation, cutout"),
    ("batch", 0, "above 0"),
    ("generator_rate", -1.0, "above 0"),
    ("discriminator_rate", float("nan"), "above 0"),
    ("r1", -1.0, "0 \\(off\\) or more"),
    ("ema_decay", 1.5, "between 0 and 1"),
])
def test_what_cannot_work_is_refused(field, value, message):
    with pytest.raises(UserError, match=message):
        Recipe(**{field: value})


@pytest.mark.parametrize("count, augment", [
    (50, ("color", "translation", "cutout")), (2_000, ("color", "translation", "cutout")), (2_001, ()), (None, ()),
])
def test_few_pictures_are_augmented(count, augment):
    assert Recipe().for_pictures(count).augment == augment
    assert Recipe(augment=("cutout",)).for_pictures(count).augment == ("cutout",)


def test_rates_are_constant_and_then_fall_to_nearly_zero():
    recipe = Recipe(steps=100, decay_from=0.5)
    factors = [recipe.decay(step) for step in range(1, 101)]
    assert factors[:50] == [1.0] * 50
    assert all(a > b > 0 for a, b in pairwise(factors[49:]))
    assert factors[-1] == pytest.approx(1 / 51)
    assert Recipe(steps=100).decay(100) == 1.0
