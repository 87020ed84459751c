import dataclasses

import pytest

from minihit.errors import UserError
from minihit.objectives.autoencoder_recipe import VaeRecipe, VqvaeRecipe

both = pytest.mark.parametrize("kind", [VaeRecipe, VqvaeRecipe])
FLOATS = [(kind, field.name) for kind in (VaeRecipe, VqvaeRecipe) for field in dataclasses.fields(kind)
          if field.type is float]


@both
@pytest.mark.parametrize("field, value, message", [
    ("pixels", "l3", "choose one of l1, l2"),
    ("loss", "wasserstein", "choose one of non_saturating, hinge"),
    ("features", 1.0, r"^features is 1.0 and adversarial 0: features are matched in the layers of a discriminator, so "
                      r"choose --recipe.adversarial 0.5, or --recipe.features 0$"),
    *((name, value, "in float32, which training computes in: choose a number nearer to 1")
      for name in ("rate", "discriminator_rate", "pyramid", "adversarial", "r1", "beta") for value in (1e-300, 1e300)),
])
def test_what_cannot_work_is_refused(kind, field, value, message):
    with pytest.raises(UserError, match=message):
        kind(**{field: value})


@pytest.mark.parametrize("field", ["sigma", "features"])
def test_what_rounds_to_nothing_is_refused(field):
    with pytest.raises(UserError, match=f"^{field} is 1e-300, and 0.0 in float32"):
        VaeRecipe(adversarial=1.0, **{field: 1e-300})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -1.0])
@pytest.mark.parametrize("kind, name", FLOATS)
def test_no_number_is_undefined_infinite_or_negative(kind, name, value):
    with pytest.raises(UserError, match=f"^{name} is {value}"):
        kind(**{"adversarial": 1.0, name: value})


@both
@pytest.mark.parametrize("fields, wrong, right", [
    (("batch", "steps"), (-1, 0), (1,)),
    (("rate", "discriminator_rate"), (-1e-9, 0.0), (1e-9,)),
    (("pyramid", "features", "r1", "beta"), (-1e-9,), (0.0, 1e-9)),
    (("adversarial_from", "decay_from"), (-1e-9, 1.0 + 1e-9), (0.0, 1.0)),
])
def test_every_number_has_its_range(kind, fields, wrong, right):
    for field in fields:
        for value in wrong:
            with pytest.raises(UserError, match=f"{field} is {value}: it must "):
                kind(adversarial=1.0, **{field: value})
        assert [getattr(kind(adversarial=1.0, **{field: value}), field) for value in right] == list(right)
    with pytest.raises(UserError, match=r"^adversarial is -1: it must be 0 \(off\) or more"):
        kind(adversarial=-1)
    assert VaeRecipe(sigma=0.0).sigma == 0.0


@pytest.mark.parametrize("names, value", [
    (("rate", "discriminator_rate"), 0.0), (("pyramid", "adversarial", "features", "r1"), -1.0),
    (("rate", "discriminator_rate", "pyramid", "adversarial", "features", "r1"), 1e-300),
    (("beta", "sigma"), -1.0), (("beta", "sigma"), 1e-300),
])
def test_of_several_that_cannot_be_the_first_is_named(names, value):
    for start, name in enumerate(names):
        with pytest.raises(UserError, match=f"^{name} is {value}"):
            VaeRecipe(**{"adversarial": 1.0, **dict.fromkeys(names[start:], value)})


@both
def test_a_discriminator_is_trained_where_it_is_listened_to(kind):
    assert [kind(adversarial=weight).with_discriminator for weight in (0.0, 1e-9, 1.0)] == [False, True, True]


@both
def test_the_game_is_played_without_augmentation(kind):
    """A reconstruction is compared with its own original."""
    recipe = kind()
    assert (recipe.augment, recipe.consistency, recipe.wgan_gp) == ((), 0.0, 0.0)
    assert recipe.for_pictures(50) == recipe.unsettled() == recipe
    assert not {"augment", "consistency"} & {field.name for field in dataclasses.fields(kind)}


SHARED = {"batch": 32, "steps": 10_000, "decay_from": 1.0, "beta1": 0.9, "beta2": 0.99, "clip": 0.0, "ema_decay": 0.999,
          "micro_batch": 0, "rate": 1e-3, "pyramid": 0.0, "adversarial": 0.0, "adversarial_from": 0.25,
          "features": 0.0, "discriminator_rate": 2e-4, "loss": "non_saturating", "r1": 1.0}


def test_the_defaults_are_a_plain_autoencoder():
    """Everything optional is off; beta is 1 where the loss is to be a bound, 0.25 as in the paper of VQ-VAE."""
    vae, vqvae = dataclasses.asdict(VaeRecipe()), dataclasses.asdict(VqvaeRecipe())
    assert {name: vae[name] for name in SHARED} == {name: vqvae[name] for name in SHARED} == SHARED
    assert vae.keys() - SHARED == {"pixels", "beta", "sigma"} and vqvae.keys() - SHARED == {"pixels", "beta"}
    assert (vae["beta"], vae["sigma"], vqvae["beta"]) == (1.0, 0.0, 0.25)
    assert (vae["pixels"], vqvae["pixels"]) == ("l1", "l1")
