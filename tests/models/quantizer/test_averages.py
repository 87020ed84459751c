"""A codebook of moving averages: the published algorithm, restarts that last, and the same for all parts of a batch."""

from dataclasses import replace

import numpy as np
import pytest
import strict_cupy
from hypothesis import given
from hypothesis import strategies as st
from oracles import quantizer as oracle
from support.helpers import assert_same, cast, normal, seeds

from minihit import models, tree
from minihit.backend import to_device, to_host
from minihit.models import quantizer
from minihit.models.quantizer import averages as learning
from minihit.models.quantizer.config import QuantizerConfig
from minihit.training import parts

PLAIN = QuantizerConfig(codes=6, width=4, decay=0.9, restart=0.0)
RESTARTS = replace(PLAIN, restart=0.1)
FAR = 100.0                                                               # from all vectors: a code that none meets


def new(config, dtype=np.float64, seed=0):
    return cast(models.first_values(np.random.default_rng(seed), config)["averages"], dtype)


def step(averages, z, config, offers=None):
    _, cache = quantizer.forward({}, z, config, averages)
    return quantizer.update_averages(averages, quantizer.met(cache, offers), config)


def drawn(config, z, seed=0):
    return quantizer.draw(np.random.default_rng(seed), len(z), z[0].size // config.width, config).get("offers")


def settled(config, steps=10, dtype=np.float64, seed=1):
    """Averages after some steps on vectors of all kinds."""
    averages = new(config, dtype)
    for number in range(steps):
        z = normal(seed + number, 20, 2, config.width, dtype=dtype)
        averages = step(averages, z, config, drawn(config, z, number))
    return averages


@given(st.floats(0.1, 0.99), st.integers(1, 7), seeds)
def test_ten_steps_are_those_of_the_published_algorithm(decay, codes, seed):
    config = QuantizerConfig(codes=codes, width=3, decay=decay, restart=0.0)
    averages, batches = {**new(config), "codebook": normal(seed, codes, 3)}, normal(seed + 1, 10, 9, 3)
    for z, expected in zip(batches, oracle.averaged(averages["codebook"], batches, decay), strict=True):
        averages = step(averages, z, config)
        np.testing.assert_allclose(averages["codebook"], expected, rtol=1e-9, atol=1e-9)


def test_after_one_step_a_code_is_the_mean_of_its_vectors_however_slowly_averages_move():
    """So it is debiased: it does not lean on a start at zero."""
    averages, z = {**new(PLAIN), "codebook": normal(1, 6, 4)}, normal(2, 50, 4)
    _, cache = quantizer.forward({}, z, PLAIN, averages)
    for decay in (0.0, 0.9, 0.999):
        after = step(averages, z, replace(PLAIN, decay=decay))
        for code in set(cache["indices"].tolist()):
            expected = z[cache["indices"] == code].mean(axis=0)
            np.testing.assert_allclose(after["codebook"][code], expected, rtol=1e-4)
        np.testing.assert_allclose(after["count"] / after["weight"], np.bincount(cache["indices"], minlength=6))
        np.testing.assert_allclose(after["weight"], 1 - decay)


def test_the_weight_is_what_is_left_of_one():
    np.testing.assert_allclose(settled(PLAIN, steps=7)["weight"], 1 - 0.9**7)


def test_smoothing_leaves_the_total_and_is_never_written_back():
    """Counts sum up to the vectors of a batch, step after step."""
    averages = settled(PLAIN)
    np.testing.assert_allclose(averages["count"].sum() / averages["weight"], 40.0)
    count = np.array([0.0, 3.0, 5.0])
    codebook = learning.means(count, np.ones((3, 1)), 1.0)
    np.testing.assert_allclose((1 / codebook).sum(), 8.0)
    np.testing.assert_allclose(1 / codebook[:, 0], (count + 1e-5) / (8 + 3e-5) * 8)


def test_averages_are_not_changed_in_place():
    averages = settled(RESTARTS)
    before = tree.map(np.copy, averages)
    step(averages, normal(0, 5, 4), RESTARTS, drawn(RESTARTS, normal(0, 5, 4)))
    assert_same(averages, before)


def test_a_codebook_that_is_learnt_by_gradient_has_no_averages_to_update():
    config = replace(PLAIN, learn="gradient")
    _, cache = quantizer.forward({"codebook": normal(0, 6, 4)}, normal(1, 5, 4), config)
    assert quantizer.met(cache) == quantizer.update_averages({}, {}, config) == {}


def dead(config=RESTARTS, dtype=np.float64):
    """Averages in which code 2 is far from all vectors and was never used."""
    averages = settled(replace(config, restart=0.0), dtype=dtype)
    codebook, count, sum = (averages[name].copy() for name in ("codebook", "count", "sum"))
    codebook[2], count[2], sum[2] = FAR, 0.0, 0.0
    return {**averages, "codebook": codebook, "count": count, "sum": sum}


def test_a_code_that_is_hardly_used_moves_onto_the_vector_that_it_is_offered_and_no_other_does():
    averages, z = dead(), normal(7, 40, 4)
    offers = np.full((40, 1), -1)
    offers[11], offers[5] = 2, 0                                          # code 0 is in use
    after, plain = step(averages, z, RESTARTS, offers), step(averages, z, RESTARTS)
    np.testing.assert_array_equal(after["codebook"][2], z[11])
    others = [0, 1, 3, 4, 5]
    for name in ("codebook", "count", "sum"):
        np.testing.assert_array_equal(after[name][others], plain[name][others])
    np.testing.assert_allclose(after["count"][2] / after["weight"], 40 / 6)     # as many as a code of mean use
    np.testing.assert_allclose(after["sum"][2], after["count"][2] * z[11])
    np.testing.assert_array_equal(after["weight"], plain["weight"])


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_a_restarted_code_survives_steps_in_which_no_vector_meets_it(steps):
    """Code, count and sum were set together, whatever the age of the averages: else the next step would undo it."""
    averages, z = dead(), normal(7, 40, 4)
    z[11] = FAR / 2                                                       # alone, so that later vectors do not meet it
    offers = np.full((40, 1), -1)
    offers[11] = 2
    averages = step(averages, z, RESTARTS, offers)
    offers = np.roll(offers, 1)                                           # another one, that it need not take
    for number in range(steps):
        averages = step(averages, normal(number, 40, 4), RESTARTS, offers)
    np.testing.assert_allclose(averages["codebook"][2], FAR / 2, rtol=1e-4)


def test_a_code_restarted_in_the_first_step_survives_too():
    z = np.concatenate([normal(0, 39, 4), np.full((1, 4), FAR)])
    averages = {**new(RESTARTS), "codebook": np.array([[float(i)] * 4 for i in range(6)]) / 10}
    offers = np.full(40, -1)
    averages["codebook"][5] = -FAR
    offers[3] = 5
    averages = step(averages, z, RESTARTS, offers)
    np.testing.assert_array_equal(averages["codebook"][5], z[3])
    averages = step(averages, np.full((40, 4), FAR), RESTARTS, np.full(40, -1))
    np.testing.assert_allclose(averages["codebook"][5], z[3], rtol=1e-5)


@pytest.mark.parametrize("share, moves", [(0.2, False), (0.4, True)])
def test_hardly_used_means_less_than_the_share_of_the_mean(share, moves):
    """Three codes, twelve vectors: the mean is four; code 2 is used once."""
    config = QuantizerConfig(codes=3, width=1, decay=0.5, restart=share)
    averages = {**new(config), "codebook": np.array([[0.0], [1.0], [5.0]])}
    z = np.array([[0.0]] * 6 + [[1.0]] * 5 + [[5.0]])
    after = step(averages, z, config, np.array([2] + [-1] * 11))
    np.testing.assert_allclose(after["codebook"][:, 0], [0.0, 1.0, 0.0 if moves else 5.0], rtol=1e-4, atol=1e-4)


def test_a_code_used_just_as_much_as_the_share_stays():
    config = QuantizerConfig(codes=2, width=1, decay=0.5, restart=0.5)
    averages = {**new(config), "codebook": np.array([[0.0], [5.0]])}
    after = step(averages, np.array([[0.0]] * 3 + [[5.0]]), config, np.array([1, -1, -1, -1]))
    np.testing.assert_allclose(after["codebook"][:, 0], [0.0, 5.0], rtol=1e-4, atol=1e-4)


def test_an_unused_code_that_is_offered_nothing_stays_for_another_time():
    averages, z = dead(), normal(7, 40, 4)
    after, plain = step(averages, z, RESTARTS, np.full((40, 1), -1)), step(averages, z, RESTARTS)
    assert_same(after, plain)


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_with_restarts_no_code_explodes_or_goes_to_zero_and_all_come_into_use(decay):
    """Vectors far from the origin, where all codes begin; without restarts one code would have them all."""
    config, rng = QuantizerConfig(codes=16, width=4, decay=decay), np.random.default_rng(0)
    averages = new(config, np.float32)
    for number in range(200):
        z = (10 + rng.standard_normal((32, 2, 4))).astype(np.float32)
        averages = step(averages, z, config, drawn(config, z, number))
        assert all(np.isfinite(leaf).all() for leaf in averages.values())
        assert (np.linalg.norm(averages["codebook"] - 10, axis=1) < 8).all()
    _, cache = quantizer.forward({}, z, config, averages)
    assert quantizer.usage(cache["indices"], 16)[0] > 0.9


def test_without_restarts_what_no_vector_meets_goes_to_zero():
    """As it does in the published algorithm: the sum of nothing over a count that is smoothed."""
    averages = {**new(PLAIN), "codebook": np.vstack([normal(0, 5, 4), np.full((1, 4), FAR)])}
    assert not step(averages, normal(1, 20, 4), PLAIN)["codebook"][5].any()


@pytest.mark.parametrize("config", [PLAIN, RESTARTS], ids=["plain", "restarts"])
@pytest.mark.parametrize("micro_batch, lanes", [(0, 1), (0, 4), (6, 1), (5, 2), (1, 3)])
def test_what_the_parts_of_a_batch_meet_adds_up_to_the_averages_of_the_whole(config, micro_batch, lanes):
    """The code that restarts too: it lies on its one vector, whichever part of the batch that is in."""
    averages, z = dead(config), normal(7, 16, 3, 4)
    offers = drawn(config, z)
    whole = step(averages, z, config, offers)

    def part(here, total):
        _, cache = quantizer.forward({}, z[here], config, averages)
        return quantizer.met(cache, None if offers is None else offers[here])

    found = parts.add_up(part, parts.plan(16, micro_batch, lanes))
    after = quantizer.update_averages(averages, found, config)
    for name in whole:
        np.testing.assert_allclose(after[name], whole[name], rtol=1e-12, atol=1e-12, err_msg=name)
    if config.restart:
        np.testing.assert_array_equal(after["codebook"][2], z.reshape(-1, 4)[offers.reshape(-1) == 2][0])


def test_a_run_is_reproducible_to_the_bit():
    assert_same(settled(RESTARTS, 5, np.float32), settled(RESTARTS, 5, np.float32))


def test_every_number_keeps_its_dtype():
    assert {leaf.dtype for leaf in settled(RESTARTS, 3, np.float32).values()} == {np.dtype(np.float32)}


def test_on_a_gpu_nothing_waits_for_the_device_and_the_numbers_are_the_same(monkeypatch):
    strict_cupy.install(monkeypatch)
    averages, z = dead(RESTARTS, np.float32), normal(7, 16, 4, dtype=np.float32)
    offers = drawn(RESTARTS, z)
    there = to_device({"averages": averages, "z": z, "offers": offers}, "gpu")
    for _ in range(2):
        strict_cupy.transfers.start()
        found = step(there["averages"], there["z"], RESTARTS, there["offers"])
    assert (strict_cupy.transfers.syncs, strict_cupy.transfers.uploads) == ([], [])
    expected = step(averages, z, RESTARTS, offers)
    for name, leaf in to_host(found).items():
        np.testing.assert_allclose(leaf, expected[name], rtol=1e-6, atol=1e-6, err_msg=name)
