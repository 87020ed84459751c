"""What VAE and VQ-VAE share: a whole step against straight-line code, finite differences, lanes, and who hears whom."""

from dataclasses import replace

import numpy as np
import pytest
from oracles import autoencoding as oracle
from support.autoencoders import NUMBER, STEPS, VAE, VQVAE, changed, make, with_codes
from support.helpers import assert_same

from minihit import objectives, tree
from minihit.models import quantizer
from minihit.objectives import adversary, vae, vqvae
from minihit.training import step

WHOLE = [name for name in STEPS if "micro" not in name]
every_preset = pytest.mark.parametrize("name", STEPS)
both = pytest.mark.parametrize("preset", [VAE, VQVAE], ids=["vae", "vqvae"])


def assert_close(actual, expected, rtol=1e-7, atol=1e-9):
    expected = dict(tree.items(expected))
    for path, leaf in tree.items(actual):
        np.testing.assert_allclose(leaf, expected.pop(path), rtol=rtol, atol=atol, err_msg=path)
    assert not expected


@every_preset
def test_a_step_finds_what_straight_line_code_finds(name):
    """Gradients of every network, running averages, metrics, in two lanes."""
    preset = STEPS[name]
    networks, images, draws = make(preset)
    found = step.gradients(networks, images, draws, preset, lanes=2)
    expected = oracle.gradients(networks, images, draws, preset, NUMBER)
    assert found[0].keys() == preset.networks.keys()
    for part, plainly in zip(found, expected, strict=True):
        assert_close(part, plainly)


# finite differences


class Held:
    """An objective with all fixed that its gradients hold fixed: lambda and, of a codebook, what a vector stands for.

    surrogate: latents move with the vectors, as backward takes it, and not the codes that they are compared with;
    without it, it is the other way round.
    """

    def __init__(self, preset, inputs, monkeypatch):
        self.preset, self.inputs, self.patch = preset, inputs, monkeypatch
        self.forward, self.caches, balance = quantizer.forward, [], adversary.balance
        monkeypatch.setattr(adversary, "balance", lambda *args: self.note(balance(*args)))
        monkeypatch.setattr(quantizer, "forward", self.first)
        self.grads, _, metrics = self.step(inputs[0])
        self.factor = metrics.get("lambda", 0.0)

    def note(self, factor):
        self.patch.setattr(adversary, "balance", lambda *args: factor)
        return factor

    def first(self, *args):
        codes, cache = self.forward(*args)
        self.caches.append(cache)
        return codes, cache

    def step(self, networks):
        return step.gradients(networks, *self.inputs[1:], self.preset)

    def metrics(self, networks, surrogate):
        def forward(params, z, config, averages):
            codes, cache = self.forward(params, z, config, averages, frozen=self.caches[0])
            return (codes if surrogate else cache["codes"]), cache

        if self.caches:
            self.patch.setattr(quantizer, "forward", forward)
        return self.step(networks)[2]

    def losses(self, networks):
        """{network: the loss that it descends}."""
        recipe, found = self.preset.recipe, self.metrics(networks, surrogate=True)
        apart = self.metrics(networks, surrogate=False) if self.caches else found
        weight = recipe.adversarial * self.factor * adversary.fade(NUMBER, recipe)
        image = sum(found.get(name, 0.0) for name in ("pixels", "pyramid"))
        image += weight * sum(found.get(name, 0.0) for name in ("generator_loss", "feature_matching"))
        bottleneck = apart["commitment"] if self.caches else recipe.beta * found["kl"]
        return {"decoder": image, "encoder": image + bottleneck, "quantizer": apart.get("codebook"),
                "discriminator": sum(found.get(name, 0.0) for name in ("real_loss", "fake_loss", "r1"))}


@pytest.mark.parametrize("name", WHOLE)
def test_gradients_agree_with_finite_differences(name, monkeypatch):
    """Along a direction of each network that is trained by gradients."""
    preset, rng = STEPS[name], np.random.default_rng(1)
    inputs = make(preset)
    held, networks = Held(preset, inputs, monkeypatch), inputs[0]
    for network in (name for name, grads in held.grads.items() if grads):
        params, h = networks[network]["params"], 1e-7
        along = tree.map(lambda leaf: rng.standard_normal(leaf.shape) / leaf.size**0.5, params)

        def loss(distance, network=network, params=params, along=along):
            moved = tree.map(lambda leaf, way: leaf + distance * way, params, along)
            return held.losses({**networks, network: {**networks[network], "params": moved}})[network]

        numerical = (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
        products = tree.map(lambda way, grad: (way * grad).sum(), along, held.grads[network])
        np.testing.assert_allclose(sum(value for _, value in tree.items(products)), numerical, rtol=1e-5, atol=1e-7,
                                   err_msg=network)


# parts of a batch


@pytest.mark.parametrize("lanes", [2, 3, 4])
@pytest.mark.parametrize("name", WHOLE)
def test_lanes_find_what_the_whole_batch_finds(name, lanes):
    preset = STEPS[name]
    inputs = make(preset)
    for part, whole in zip(step.gradients(*inputs, preset, lanes), step.gradients(*inputs, preset), strict=True):
        assert_close(part, whole, rtol=1e-8, atol=1e-11)


@both
def test_the_bits_follow_from_the_plan_and_not_from_the_threads(preset):
    preset = changed(preset, micro_batch=1)
    inputs = make(preset)
    one, *others = (step.gradients(*inputs, preset, lanes) for lanes in (1, 2, 4))
    for found in others:
        assert_same(list(found), list(one))


@both
def test_a_discriminator_that_compares_images_keeps_them_together(preset):
    coupled = replace(preset, discriminator=replace(preset.discriminator, minibatch_stddev=True))
    assert [len(step.plan(chosen, 4, 4).parts) for chosen in (preset, coupled)] == [4, 1]
    alone = changed(coupled, adversarial=0.0, features=0.0)
    assert len(step.plan(alone, 4, 4).parts) == 4


# who hears whom


@both
def test_without_an_adversary_there_is_no_discriminator(preset):
    alone = changed(preset, adversarial=0.0, features=0.0)
    networks, images, draws = make(alone)
    grads, averages, metrics = step.gradients(networks, images, draws, alone)
    for names in (alone.networks, networks, grads, objectives.of(alone).rates(alone), averages):
        assert "discriminator" not in names
    assert {"fade", "augment"}.isdisjoint(draws)
    assert metrics.keys() <= {"pixels", "pyramid", "kl", "commitment", "codebook"}


@both
@pytest.mark.parametrize("number", [1, 10])
def test_the_discriminator_learns_from_the_first_step_and_the_decoder_does_not_hear_it_yet(preset, number):
    alone = changed(preset, adversarial=0.0, features=0.0)
    networks, images, draws = make(preset, number=number)
    assert (draws["fade"] == 0.0).all()
    heard, averages, _ = step.gradients(networks, images, draws, preset)
    unheard, same, _ = step.gradients(networks, images, draws, alone)
    assert all(np.abs(leaf).max() > 1e-6 for path, leaf in tree.items(heard.pop("discriminator")))
    assert_same([heard, averages], [unheard, same])


@both
def test_the_decoder_hears_it_afterwards(preset):
    early, late = (step.gradients(*make(preset, number=number), preset)[0] for number in (10, NUMBER))
    assert_same(late["discriminator"], early["discriminator"])
    for name in ("encoder", "decoder"):
        assert all(np.abs(a - b).max() > 1e-9 for (_, a), (_, b) in zip(
            tree.items(early[name]), tree.items(late[name]), strict=True) if np.abs(a).max() > 1e-9)


# the same for all


@every_preset
def test_a_step_changes_nothing_that_it_was_given(name):
    inputs = make(STEPS[name])
    copies = tree.map(np.copy, inputs)
    step.gradients(*inputs, STEPS[name])
    assert_same(list(inputs), copies)


@every_preset
def test_float32_stays_float32(name):
    for path, leaf in tree.items(step.gradients(*make(STEPS[name], dtype=np.float32), STEPS[name])):
        assert leaf.dtype == np.float32, path


@pytest.mark.parametrize("preset", [VAE, VQVAE, with_codes(VQVAE, learn="gradient")], ids=["vae", "vqvae", "gradient"])
def test_every_quantity_of_a_step_is_drawn_once(preset):
    _, _, metrics = step.gradients(*make(preset), preset)
    objective = objectives.of(preset)
    drawn = [name for _, names, _ in objective.PANELS for name in names]
    learn = [f"{name}_norm" for name in preset.networks if name != "quantizer"]
    assert sorted(drawn) == sorted([*metrics, *learn])
    assert all(set(terms) <= metrics.keys() for terms in objective.SUMS.values())


def test_curves_begin_with_what_is_descended():
    terms, rest = ("pyramid", "feature_matching"), [
        ("adversarial losses", ("generator_loss", "real_loss", "fake_loss", "r1"), "linear"),
        ("mean logits", ("real_logits", "fake_logits"), "linear"), ("lambda", ("lambda",), "log"),
        ("gradient norms", ("encoder_norm", "decoder_norm", "discriminator_norm"), "log")]
    assert list(vae.PANELS) == [
        ("nats per image", ("pixels", "kl"), "linear"), ("differences of images", terms, "log"), *rest]
    assert list(vqvae.PANELS) == [
        ("differences of pixels", ("pixels", *terms), "log"), *rest,
        ("vectors and their codes", ("commitment", "codebook"), "log")]
    assert (vae.SUMS, vqvae.SUMS) == ({"bound": ("pixels", "kl")}, {})


@both
def test_a_batch_in_one_piece_has_the_whole_share(preset):
    inputs, objective = make(preset), objectives.of(preset)
    grads, averages, metrics = objective.gradients(*inputs, preset)
    assert_same([grads, objective.settled(inputs[0], averages, preset), metrics], list(step.gradients(*inputs, preset)))


@both
def test_every_network_has_its_rate(preset):
    preset = changed(preset, rate=0.2, discriminator_rate=0.3)
    expected = {**dict.fromkeys(preset.networks, 0.2), "discriminator": 0.3}
    assert objectives.of(preset).rates(preset) == expected
