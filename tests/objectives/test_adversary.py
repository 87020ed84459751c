"""What a discriminator adds to an autoencoder's step, beside autograd's gradients of what it is said to be."""

from types import SimpleNamespace

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from oracles import discriminator as oracle
from oracles import training
from support.helpers import assert_same, cast
from support.networks import DISCRIMINATORS, make_discriminator

from minihit import parallel, tree
from minihit.objectives import adversary
from minihit.sums import alone

RECIPE = {"loss": "non_saturating", "r1": 0.7, "consistency": 1.3, "augment": ("cutout", "color"), "wgan_gp": 0.0,
          "adversarial": 0.8, "features": 2.0, "adversarial_from": 0.25, "steps": 200}
RECIPES = {"everything": {}, "no features": {"features": 0.0}, "hinge": {"loss": "hinge", "augment": ()},
           "alone": {"features": 0.0, "r1": 0.0, "consistency": 0.0, "augment": ()}}
every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES.keys())


def example(name="blur", seed=0, step=60, count=4, dtype=np.float64, **recipe):
    """The arguments of terms but for share and total; the decoder's last layer is image = hidden @ weight."""
    rng, config = np.random.default_rng(seed), DISCRIMINATORS[name]
    preset = SimpleNamespace(discriminator=config, recipe=SimpleNamespace(**{**RECIPE, **recipe}))
    params, original = make_discriminator(config, rng, count=count)
    image, dimage = rng.standard_normal((2, *original.shape))
    draws = adversary.draw(rng, count, 16, preset.recipe, step)
    draws["fade"] = rng.random(count, dtype=np.float32)                    # in training all are the same
    given = cast((params, image, original, 0.01 * dimage, rng.standard_normal((*image.shape[:3], 5))), dtype)
    return (*given[:4], last_layer(given[4]), draws, preset)


def last_layer(hidden):
    return lambda dimage: np.einsum("bhwc,bhwk->ck", hidden[:len(dimage)], dimage)


def said(params, image, original, draws, preset):
    """The loss that the decoder hears of D, for autograd."""
    seen, originals = (training.augmented(x, draws, name, preset.recipe)
                       for x, name in ((image, "fake"), (original, "real")))
    logits, maps = oracle.everything(params, seen, preset.discriminator)
    loss = anp.mean(-logits if preset.recipe.loss == "hinge" else anp.log(1 + anp.exp(-logits)))
    if preset.recipe.features:
        pairs = zip(maps, oracle.features(params, originals, preset.discriminator), strict=True)
        loss = loss + preset.recipe.features * sum(anp.mean((a - b) ** 2) for a, b in pairs) / len(maps)
    return loss


def norm(x):
    return np.sqrt((x**2).sum())


# the terms


@every_recipe
@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_the_decoder_hears_d_as_loud_as_the_reconstruction(name, recipe):
    params, image, original, dimage, last_gradient, draws, preset = example(name, **recipe)
    found, _, metrics = adversary.terms(*example(name, **recipe))
    expected = grad(said, 1)(params, image, original, draws, preset)
    factor = min(norm(last_gradient(dimage)) / (norm(last_gradient(expected)) + 1e-4), 1e4)
    np.testing.assert_allclose(metrics["lambda"], factor, rtol=1e-7)
    added = 0.8 * factor * draws["fade"][:, None, None, None] * expected
    np.testing.assert_allclose(found, dimage + added, rtol=1e-7, atol=1e-9)


@every_recipe
@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_d_learns_from_originals_and_reconstructions(name, recipe):
    params, image, original, _, _, draws, preset = example(name, **recipe)
    _, found, metrics = adversary.terms(*example(name, **recipe))
    expected = dict(tree.items(grad(training.discriminator_loss)(params, original, image, draws, preset)))
    for path, leaf in tree.items(found):
        np.testing.assert_allclose(leaf, expected[path], rtol=1e-7, atol=1e-8, err_msg=path)
    terms = training.discriminator_terms(params, original, image, draws, preset)
    for term, value in terms.items():
        np.testing.assert_allclose(metrics[term], value, rtol=1e-7, err_msg=term)
    np.testing.assert_allclose(metrics["generator_loss"] + metrics.get("feature_matching", 0.0),
                               said(params, image, original, draws, preset), rtol=1e-7)
    matching = {"feature_matching"} if preset.recipe.features else set()
    assert metrics.keys() == {*terms, "generator_loss", "real_logits", "fake_logits", "lambda"} | matching


def test_before_it_is_faded_in_d_learns_and_the_decoder_does_not_hear_it():
    params, image, original, dimage, last_gradient, draws, preset = example()
    loud = adversary.terms(params, image, original, dimage, last_gradient, draws, preset)
    draws["fade"] = np.zeros(4, np.float32)
    quiet = adversary.terms(params, image, original, dimage, last_gradient, draws, preset)
    np.testing.assert_array_equal(quiet[0], dimage)
    assert_same(quiet[1:], loud[1:])


@pytest.mark.parametrize("lanes", [[slice(0, 1), slice(1, 4)], [slice(0, 2), slice(2, 4)]])
def test_lambda_is_the_micro_batchs_whatever_its_lanes(lanes):
    """And all gradients add up to its own, where it is 40% of a batch."""
    params, image, original, dimage, _, draws, preset = example()
    hidden = np.random.default_rng(9).standard_normal((*image.shape[:3], 5))

    def of(lane, total):
        share = 0.4 * len(image[lane]) / 4
        found, grads, metrics = adversary.terms(
            params, image[lane], original[lane], len(image) / len(image[lane]) * dimage[lane], last_layer(hidden[lane]),
            tree.map(lambda x: x[lane], draws), preset, share, total)
        return [share * found], grads, metrics["lambda"]

    (results,) = parallel.groups(of, [lanes])
    whole = of(slice(0, 4), alone)
    for lane in results:
        np.testing.assert_allclose(lane[2], whole[2], rtol=1e-10)
    np.testing.assert_allclose(np.concatenate([lane[0][0] for lane in results]), whole[0][0], rtol=1e-9)
    added = tree.add(*[lane[1] for lane in results])
    for (path, a), (_, b) in zip(tree.items(added), tree.items(whole[1]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-12, err_msg=path)


def test_nothing_that_is_given_is_changed_and_float32_stays_float32():
    given = example(dtype=np.float32)
    arrays = [*given[:4], given[5]]
    copies = tree.map(np.copy, arrays)
    for path, leaf in tree.items(adversary.terms(*given)):
        assert leaf.dtype == np.float32, path
    assert_same(arrays, copies)


# lambda


def test_lambda_is_the_ratio_of_lengths_with_what_keeps_it_finite():
    of_reconstruction, of_game = np.array([[3.0, 4.0]]), np.array([[0.0, 2.0]])
    assert adversary.balance(of_reconstruction, of_game, 1.0, alone) == pytest.approx(5 / 2.0001, rel=1e-12)
    assert adversary.balance(of_reconstruction, of_game, 0.1, alone) == pytest.approx(5 / 2.0001, rel=1e-12)
    assert adversary.balance(1e-3 * of_reconstruction, 0 * of_game, 1.0, alone) == pytest.approx(50.0)
    assert adversary.balance(of_reconstruction, 0 * of_game, 1.0, alone) == 1e4
    assert adversary.balance(of_reconstruction, 0 * of_game, 1.0, alone, 7.0) == 7.0


def test_lambda_may_be_larger_where_the_reconstruction_is_counted_in_nats():
    given = example()
    loud = (*given[:3], 1e8 * given[3], *given[4:])
    found = [adversary.terms(*loud, largest=largest)[2]["lambda"] for largest in (1e4, 1e5, 1e9)]
    assert found[:2] == [1e4, 1e5] and 1e5 < found[2] < 1e9
    assert adversary.terms(*loud)[2]["lambda"] == 1e4


# fade


@pytest.mark.parametrize("step, expected", [(1, 0), (50, 0), (51, 0.05), (60, 0.5), (70, 1), (71, 1), (200, 1)])
def test_d_is_faded_in_over_a_tenth_of_the_steps(step, expected):
    assert adversary.fade(step, SimpleNamespace(**RECIPE)) == pytest.approx(expected)


def test_d_is_faded_in_from_the_first_step_where_it_is_listened_to_from_the_start():
    recipe = SimpleNamespace(**{**RECIPE, "adversarial_from": 0.0})
    assert [adversary.fade(step, recipe) for step in (1, 10, 20, 30)] == [0.05, 0.5, 1.0, 1.0]


def test_draws_are_those_of_the_game_and_the_fade_of_the_step():
    rng, recipe = np.random.default_rng(0), SimpleNamespace(**RECIPE)
    draws = adversary.draw(rng, 3, 16, recipe, 60)
    assert draws.keys() == {"augment", "consistency", "fade"}
    assert draws["fade"].dtype == np.float32 and draws["fade"].tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("features, alike", [(0.0, False), (1.0, True)])
def test_a_pair_whose_features_are_matched_is_augmented_alike(features, alike):
    recipe = SimpleNamespace(**{**RECIPE, "features": features})
    draws = adversary.draw(np.random.default_rng(0), 3, 16, recipe, 1)
    for name, same in (("augment", alike), ("consistency", False)):
        assert np.array_equal(draws[name]["real"]["contrast"], draws[name]["fake"]["contrast"]) == same


def test_features_are_matched_without_augmentation_too():
    recipe = SimpleNamespace(**{**RECIPE, "augment": (), "consistency": 0.0})
    assert adversary.draw(np.random.default_rng(0), 3, 16, recipe, 1).keys() == {"fade"}
