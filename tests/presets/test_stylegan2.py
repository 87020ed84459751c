"""StyleGAN2's generator in the place of HiT's, everything else equal."""

from dataclasses import replace

import pytest

from minihit import cost
from minihit.errors import UserError
from minihit.presets import PRESETS, chosen, counterparts
from minihit.presets.stylegan2 import COUNTERPARTS, GENERATORS, counterpart

COUNTS = {
    ("faces-32", "stylegan2"): 862_711, ("faces-32", "stylegan2-wide"): 908_227,
    ("celeba-64", "stylegan2"): 7_802_168, ("celeba-64", "stylegan2-wide"): 10_684_392,
    ("hit-256", "stylegan2"): 30_034_338,
}
NAMES = ("faces-32", "celeba-64", "hit-256")


def parameters(preset):
    return cost.total(cost.rows(preset)["generator"]).parameters


def test_all_counterparts_are_counted():
    assert COUNTS.keys() == {(name, kind) for kind, found in COUNTERPARTS.items() for name in found}


@pytest.mark.parametrize("name, kind", COUNTS)
def test_a_counterpart_has_another_generator_and_all_else_equal_but_its_rate(name, kind):
    hit, other = counterpart(name, "hit"), counterpart(name, kind)
    assert hit == PRESETS[name] and other.generator.kind == "stylegan2"
    rate = other.recipe.generator_rate
    assert other == replace(hit, generator=other.generator, recipe=replace(hit.recipe, generator_rate=rate))
    assert parameters(other) == COUNTS[name, kind]


@pytest.mark.parametrize("name", ["faces-32", "celeba-64"])
def test_a_counterpart_has_as_many_parameters_as_hit_to_one_in_a_hundred(name):
    assert parameters(counterpart(name, "stylegan2")) == pytest.approx(parameters(PRESETS[name]), rel=0.01)


@pytest.mark.parametrize("name, twin", [*zip(NAMES, ("stylegan2-32", "stylegan2-64", "stylegan2-256"), strict=True)])
def test_counterparts_have_names_of_their_own_too(name, twin):
    assert PRESETS[twin] == counterpart(name, "stylegan2")


def test_the_published_network_has_eight_mapping_layers_or_two():
    preset = PRESETS["stylegan2-256"]
    two = replace(preset, generator=replace(preset.generator, mapping=2))
    assert (parameters(preset), parameters(two)) == (30_034_338, 28_458_402)


@pytest.mark.parametrize("name, generator, sentence", [
    ("vae-32", "stylegan2", "--generator stylegan2 takes the place of the generator of faces-32, celeba-64, hit-256"),
    ("vae-32", "hit", "leave it out with vae-32"),
    ("hit-256", "stylegan2-wide", "--generator stylegan2-wide takes the place of the generator of faces-32, celeba-64"),
])
def test_where_there_is_no_counterpart_one_sentence_says_so(name, generator, sentence):
    with pytest.raises(UserError, match=sentence):
        counterpart(name, generator)


def test_a_preset_is_chosen_by_name_and_by_the_network_that_it_can_have():
    assert chosen("faces-32") == PRESETS["faces-32"]
    assert chosen("faces-32", generator="stylegan2-wide") == counterpart("faces-32", "stylegan2-wide")
    for name in ("faces-32", "vqvae-32"):
        with pytest.raises(UserError):
            chosen(name, decoder="cnn", generator="stylegan2")


def test_what_a_network_can_be_is_listed_where_it_can_be_another():
    assert {network: tuple(found) for network, found in counterparts("faces-32").items()} == {"generator": GENERATORS}
    assert tuple(counterparts("hit-256")["generator"]) == GENERATORS[:2]
    assert list(counterparts("vae-32")) == ["decoder"] and counterparts("celeba-128") == {}
