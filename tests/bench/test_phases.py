"""The table of a step: its keys, its counts, and its floating-point operations against counted ones."""

import math
from dataclasses import replace
from unittest import mock

import pytest
import strict_cupy
from strict_cupy import device_array
from support.autoencoders import VAE, VQVAE, changed
from support.runs import AUTOENCODERS, TINY, everything, tiny

from minihit import cublas
from minihit.bench import case, phases
from minihit.gradcheck.networks import STYLEGAN2
from minihit.models import discriminator
from minihit.models.discriminator import network

STDDEV = replace(TINY.discriminator, minibatch_stddev=True)
PRESETS = {
    "R1": TINY,
    "no regulariser": tiny(r1=0.0),
    "bCR": tiny(consistency=10.0),
    "WGAN-GP": tiny(wgan_gp=10.0),
    "everything": tiny(wgan_gp=3.0, consistency=2.0, augment=("color",), micro_batch=0),
    "multi-head, layer norm": replace(TINY, generator=replace(TINY.generator, multi_query=False, norm="layer")),
    "StyleGAN2": replace(TINY, generator=STYLEGAN2),
    "R1, stddev": replace(tiny(micro_batch=0), discriminator=STDDEV),
    "everything, stddev": replace(tiny(wgan_gp=3.0, consistency=2.0, micro_batch=0), discriminator=STDDEV),
    "no regulariser, stddev": replace(tiny(r1=0.0, micro_batch=0), discriminator=STDDEV),
}
every_preset = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)


@pytest.fixture
def products(monkeypatch):
    """The floating-point operations of every matrix product on the device, as a list.

    A product with a vector is a sum (ops/column_sum.py) and not counted.
    """
    strict_cupy.install(monkeypatch)
    import cupy

    found = []

    def counting(function):
        def product(a, b, *out, **options):
            y = function(a, b, *out, **options)
            if min(a.ndim, b.ndim) > 1:
                found.append(2 * y.size * a.shape[-1])
            return y
        return product

    monkeypatch.setattr(device_array.ndarray, "__matmul__", counting(device_array.ndarray.__matmul__))
    monkeypatch.setattr(cupy, "matmul", counting(cupy.matmul))
    monkeypatch.setattr(cublas, "product", counting(cublas.product))
    return found


def operations(preset, products):
    """{phase, or whole step: how many a run of it counts}."""
    here, counted = case.make(preset, "gpu"), {}
    for name, function in {**phases.phases(here)[0], phases.STEP: case.step_of(here, record=False)}.items():
        products.clear()
        function()
        counted[name] = sum(products)
    return counted


def require_alike(counted, expected, most=1.0):
    """most: how many times as many there may be, as a GPU multiplies the border of zeros of a convolution by strides,
    too, which is a third of these small maps."""
    counted = {name: count for name, count in counted.items() if count}
    assert counted.keys() == expected.keys()
    for name, count in expected.items():
        assert count <= counted[name] <= most * count, name


@every_preset
def test_operations_are_those_counted_on_the_device(products, preset):
    most = 1.2 if preset.generator.kind == "stylegan2" else 1.0
    require_alike(operations(preset, products), phases.flops(preset), most)


@every_preset
def test_a_step_makes_the_passes_that_the_table_says(preset):
    names = {"D forward": "forward", "D logit gradients": "input_gradient", "D output gradients": "output_gradients",
             "D tangent": "tangent", "D weight products": "weight_gradient"}
    here, images = case.make(preset), {name: [] for name in names}

    def counting(name, function):
        def call(*arguments, **options):
            first = arguments[0] if name != "D forward" else arguments[1]
            images[name].append(len(first["logit"] if name == "D weight products" else first))
            return function(*arguments, **options)
        return call

    patches = {function: counting(name, getattr(network, function)) for name, function in names.items()}
    with mock.patch.object(discriminator, "forward", patches.pop("forward")), mock.patch.multiple(network, **patches):
        case.step_of(here)()
    counts = phases.passes(preset)
    counts["D output gradients"] += counts["D logit gradients"]           # which goes on where they end
    assert {name: sum(found) / len(here.real) for name, found in images.items()} == {n: counts[n] for n in names}


AUTOENCODING = {
    **AUTOENCODERS,
    "vae, everything": everything(AUTOENCODERS["vae"]),
    "vqvae, everything": everything(AUTOENCODERS["vqvae, cnn"]),
    "vqvae, everything, stddev": replace(changed(VQVAE), discriminator=STDDEV),
    "vae, no features": changed(VAE, features=0.0),
    "vae, no features, stddev": replace(changed(VAE, features=0.0, r1=0.0), discriminator=STDDEV),
}
every_autoencoder = pytest.mark.parametrize("preset", AUTOENCODING.values(), ids=AUTOENCODING)


@every_autoencoder
def test_operations_of_an_autoencoders_networks_are_those_counted_on_the_device(products, preset):
    """A step makes a few more: averages of codes, and gradients of the last layer for lambda."""
    counted, expected = operations(preset, products), phases.flops(preset)
    step, of_phases = counted.pop(phases.STEP), expected.pop(phases.STEP)
    require_alike(counted, expected, 1.2)
    assert of_phases <= step < 1.25 * of_phases


@every_autoencoder
def test_a_step_makes_the_passes_of_an_autoencoder_that_the_table_says(preset):
    """Of D, where there is one; each other network works once on every image."""
    if preset.recipe.with_discriminator:
        test_a_step_makes_the_passes_that_the_table_says(preset)
    counts = phases.passes(preset)
    assert {count for name, count in counts.items() if not name.startswith("D ") and name != "data"} == {1}
    assert any(name.startswith("D ") for name in counts) == preset.recipe.with_discriminator


@pytest.mark.parametrize("preset", [AUTOENCODERS["vqvae, cnn"], VAE], ids=["vqvae", "vae, everything"])
def test_the_measurement_of_an_autoencoder_has_a_number_for_every_phase(preset):
    found = phases.measure(preset, rounds=1)
    assert [row.phase for row in found["rows"]] == [*phases.passes(preset)]
    assert all(0 < row.seconds < math.inf for row in found["rows"])
    kept = {"peak of a process that makes steps", *(f"cache of a micro-batch in {name}" for name in (
        "the encoder", "the decoder", *["D"] * preset.recipe.with_discriminator))}
    assert found["memory"].keys() == kept and min(found["memory"].values()) > 0


def test_the_measurement_has_a_positive_number_everywhere():
    found = phases.measure(TINY, rounds=1)
    assert [row.phase for row in found["rows"]] == [*phases.passes(TINY)]
    for row in found["rows"]:
        assert 0 < row.seconds < math.inf
        if row.phase in phases.flops(TINY):
            assert row.gflop > 0 and 0 < row.rate < math.inf and 0 < row.share < math.inf
            assert row.share == pytest.approx(row.rate / found["gemm"])
        else:
            assert (row.gflop, row.rate, row.share) == (None, None, None)
    assert found["gemm"] > 0 and len(found["memory"]) == 3 and min(found["memory"].values()) > 0
