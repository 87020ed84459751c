"""The quantiser as a network: where its codes are, their gradient, what a step offers to them, how they are used."""

from dataclasses import replace

import numpy as np
import pytest
import strict_cupy
from hypothesis import given
from hypothesis import strategies as st
from oracles import quantizer as oracle
from support.helpers import assert_same, normal, seeds

from minihit import gradcheck, models, tree
from minihit.backend import to_device, to_host
from minihit.models import quantizer
from minihit.models.quantizer.config import QuantizerConfig
from minihit.objectives import bottleneck
from minihit.ops import quantize

AVERAGE = QuantizerConfig(codes=6, width=4)
GRADIENT = replace(AVERAGE, learn="gradient")
both_ways = pytest.mark.parametrize("config", [AVERAGE, GRADIENT], ids=["average", "gradient"])


def new(config, seed=0):
    """(params, averages) in float64, of codes that are far apart."""
    network = models.first_values(np.random.default_rng(seed), config)
    network = tree.map(lambda leaf: (10.0 if leaf.ndim == 2 else 1.0) * leaf.astype(np.float64), network)
    return network["params"], network["averages"]


def test_codes_are_parameters_or_averages_and_the_same_from_one_seed():
    shapes = {"codebook": (6, 4), "count": (6,), "sum": (6, 4), "weight": ()}
    by_average, by_gradient = (models.first_values(np.random.default_rng(0), config) for config in (AVERAGE, GRADIENT))
    assert by_average["params"] == by_gradient["averages"] == {}
    assert {name: leaf.shape for name, leaf in by_average["averages"].items()} == shapes
    assert {name: leaf.dtype for name, leaf in by_average["averages"].items()} == dict.fromkeys(shapes, np.float32)
    assert not any(by_average["averages"][name].any() for name in ("count", "sum", "weight"))
    np.testing.assert_array_equal(by_gradient["params"]["codebook"], by_average["averages"]["codebook"])


@both_ways
def test_first_codes_are_uniform_within_a_share_of_their_number(config):
    network = models.first_values(np.random.default_rng(0), replace(config, codes=50, width=200))
    codebook = (network["params"] or network["averages"])["codebook"]
    assert abs(codebook).max() <= 1 / 50 and codebook.std() == pytest.approx(1 / 50 / np.sqrt(3), rel=0.02)


@both_ways
def test_without_a_generator_there_are_shapes_alone(config):
    """As counting parameters and reading checkpoints need."""
    blank, drawn = models.first_values(None, config), models.first_values(np.random.default_rng(0), config)
    assert ({path: (leaf.shape, leaf.dtype) for path, leaf in tree.items(blank)}
            == {path: (leaf.shape, leaf.dtype) for path, leaf in tree.items(drawn)})
    assert not any(leaf.any() for _, leaf in tree.items(blank))
    assert_same(quantizer.init_averages(config), blank["averages"])


@both_ways
def test_every_vector_becomes_its_nearest_code(config):
    params, averages = new(config)
    z = normal(1, 3, 2, 2, 4)
    q, cache = quantizer.forward(params, z, config, averages)
    codebook = (params or averages)["codebook"]
    assert cache["indices"].ravel().tolist() == oracle.nearest(z.reshape(-1, 4), codebook)
    np.testing.assert_array_equal(q, codebook[cache["indices"]])


@both_ways
def test_the_rotation_trick_is_there_where_it_is_asked_for(config):
    params, averages = new(config)
    z, dq = normal(1, 3, 4), normal(2, 3, 4)
    q, cache = quantizer.forward(params, z, replace(config, rotate=True), averages)
    expected = [oracle.rotation_matrix(*pair).T @ d for *pair, d in zip(z, q, dq, strict=True)]
    np.testing.assert_allclose(quantizer.backward(dq, cache)[0], expected)
    _, cache = quantizer.forward(params, z, config, averages)
    np.testing.assert_array_equal(quantizer.backward(dq, cache)[0], dq)


@given(st.integers(1, 9), st.integers(1, 12), seeds)
def test_a_code_gets_the_sum_of_what_reaches_its_places(codes, count, seed):
    config = QuantizerConfig(codes=codes, width=3, learn="gradient")
    z, dcodes = normal(seed, 2, count, 3)
    _, cache = quantizer.forward({"codebook": normal(seed + 1, codes, 3)}, z, config)
    expected = np.zeros((codes, 3))
    np.add.at(expected, cache["indices"], dcodes)
    dz, grads = quantizer.backward(z, cache, dcodes)
    np.testing.assert_allclose(grads["codebook"], expected, atol=1e-12)
    np.testing.assert_array_equal(dz, z)


def test_without_a_loss_of_its_own_the_codebook_has_no_gradient():
    """What comes back from the decoder passes the codes by."""
    params, _ = new(GRADIENT)
    _, cache = quantizer.forward(params, normal(1, 5, 4, dtype=np.float32), GRADIENT)
    _, grads = quantizer.backward(normal(2, 5, 4, dtype=np.float32), cache)
    assert grads["codebook"].shape == (6, 4) and grads["codebook"].dtype == np.float32
    assert not grads["codebook"].any()
    _, averages = new(AVERAGE)
    _, cache = quantizer.forward({}, normal(1, 5, 4), AVERAGE, averages)
    assert quantizer.backward(normal(2, 5, 4), cache, normal(3, 5, 4))[1] == {}


def test_the_codebooks_gradient_agrees_with_finite_differences_while_each_vector_keeps_its_code():
    params, _ = new(GRADIENT)
    z = normal(1, 10, 4)
    _, frozen = quantizer.forward(params, z, GRADIENT)
    _, dcodes = bottleneck.codebook(z, frozen["codes"])
    _, grads = quantizer.backward(0 * z, frozen, dcodes)

    def loss(codebook):
        _, cache = quantizer.forward({"codebook": codebook}, z, GRADIENT, frozen=frozen)
        return bottleneck.codebook(z, cache["codes"])[0]

    gradcheck.assert_close(grads["codebook"], gradcheck.numerical_gradient(loss, params["codebook"]), "codebook")


def test_ten_steps_on_the_codebooks_loss_are_those_of_the_published_algorithm():
    params, _ = new(GRADIENT)
    batches = normal(3, 10, 8, 4)
    for z, expected in zip(batches, oracle.descended(params["codebook"], batches, rate=2.0), strict=True):
        _, cache = quantizer.forward(params, z, GRADIENT)
        _, dcodes = bottleneck.codebook(z, cache["codes"])
        _, grads = quantizer.backward(0 * z, cache, dcodes)
        params = tree.map(lambda leaf, gradient: leaf - 2.0 * gradient, params, grads)
        np.testing.assert_allclose(params["codebook"], expected, atol=1e-12)


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), seeds)
def test_as_many_codes_as_can_be_are_offered_a_vector_of_their_own(codes, batch, places, seed):
    config = QuantizerConfig(codes=codes, width=3)
    offers = quantizer.draw(np.random.default_rng(seed), batch, places, config)["offers"]
    assert offers.shape == (batch, places)
    offered = sorted(offers[offers >= 0].tolist())
    assert len(offered) == len(set(offered)) == min(codes, batch * places)
    assert set(offers.ravel().tolist()) <= {-1, *range(codes)}
    if codes <= batch * places:
        assert offered == list(range(codes))


def test_any_code_may_be_offered_any_vector():
    rng, config = np.random.default_rng(0), QuantizerConfig(codes=3, width=2)
    for batch, places in ((5, 1), (1, 2)):                                # more vectors than codes, and fewer
        draws = [quantizer.draw(rng, batch, places, config)["offers"].ravel() for _ in range(200)]
        assert {(place, int(code)) for offers in draws for place, code in enumerate(offers) if code >= 0} == {
            (place, code) for place in range(batch * places) for code in range(3)}


def test_nothing_is_drawn_where_no_code_restarts():
    rng = np.random.default_rng(0)
    for config in (GRADIENT, replace(AVERAGE, restart=0.0)):
        assert quantizer.draw(rng, 3, 4, config) == {}
    assert rng.random() == np.random.default_rng(0).random()


def test_the_same_seed_offers_the_same():
    one, other = (quantizer.draw(np.random.default_rng(5), 4, 9, AVERAGE) for _ in range(2))
    assert_same(one, other)


def test_usage_is_the_share_of_codes_that_are_seen_and_the_number_that_even_use_would_have():
    share, perplexity = quantizer.usage(np.array([[0, 0], [1, 1], [4, 4], [5, 5]]), 8)
    assert (float(share), float(perplexity)) == (0.5, pytest.approx(4.0))
    share, perplexity = quantizer.usage(np.zeros((3, 2), int), 5)
    assert (float(share), float(perplexity)) == (pytest.approx(0.2), pytest.approx(1.0))
    indices = np.array([0, 0, 0, 2])
    assert float(quantizer.usage(indices, 4)[1]) == pytest.approx(np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25)))
    assert [found.dtype for found in quantizer.usage(indices, 4)] == [np.float32] * 2
    assert [found.dtype for found in quantizer.usage(indices, 4, "float64")] == [np.float64] * 2


def test_usage_is_computed_on_a_gpu_without_waiting(monkeypatch):
    strict_cupy.install(monkeypatch)
    indices = np.array([[3, 1, 1], [0, 3, 3]])
    there = to_device(indices, "gpu")
    for _ in range(2):
        strict_cupy.transfers.start()
        found = quantizer.usage(there, 5)
    assert (strict_cupy.transfers.syncs, strict_cupy.transfers.uploads) == ([], [])
    assert_same(to_host(list(found)), list(quantizer.usage(indices, 5)))


def test_one_hot_products_and_not_scatter_add_are_what_sums():
    """A GPU's scatter-add has no order, and so no bits that come again."""
    values, indices = normal(0, 20, 3), np.random.default_rng(1).integers(0, 4, 20)
    expected = np.zeros((4, 3))
    np.add.at(expected, indices, values)
    np.testing.assert_allclose(quantize.one_hot(indices, 4, np.float64).T @ values, expected, atol=1e-12)
