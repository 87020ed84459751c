"""The costs of minihit.cost against counts taken while the networks run."""

from dataclasses import replace

import numpy as np
import pytest
from support.networks import DECODERS, ENCODERS, STYLEGAN2S, make_decoder, make_encoder, make_stylegan2
from support.runs import TINY

from minihit import cost, tree
from minihit.commands import info as command
from minihit.models import discriminator, stylegan2
from minihit.models.autoencoder import decoder, encoder
from minihit.models.autoencoder.config import ConvolutionalDecoderConfig, EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit import generator
from minihit.models.stylegan2.config import StyleGAN2Config, halved_channels
from minihit.presets import PRESETS
from minihit.training import state

OFFICIAL = {  # (generator, discriminator), computed by the official code
    "hit-128": (32_866_627, 23_880_833),
    "hit-256": (46_217_670, 28_862_593),
    "hit-256-ffhq": (46_217_670, 28_862_593),
    "hit-256-large": (97_462_214, 28_862_593),
    "hit-1024": (88_216_300, 29_008_673),
    "hit-1024-ffhq": (88_216_300, 29_008_673),
}
G, D = TINY.generator, TINY.discriminator
GENERATORS = {
    "as HiT": G,
    "layer norm": replace(G, norm="layer"),
    "multi-head": replace(G, multi_query=False),
    "block": replace(G, attention="block"),
    "grid, multi-head": replace(G, attention="grid", multi_query=False),
    "axial": replace(G, attention="axial", layers=(2, 0)),
    "full": replace(G, attention="full"),
    "no self-attention": replace(G, attention="none"),
    "no cross-attention": replace(G, cross_attention=False),
    "narrow windows, no widening": replace(G, channels=(16, 4), heads=(4, 1), windows=(2, None)),
    "from a map of side 4": replace(G, start=4),
    "of a grid": replace(G, spatial=True, tokens=4),
    "of a grid, layer norm": replace(G, spatial=True, tokens=16, norm="layer"),
    "of a grid, a token for each position": replace(G, spatial=True, tokens=64),
    "of a grid, no cross-attention": replace(G, spatial=True, cross_attention=False),
    "windows everywhere": replace(G, channels=(8, 8, 4), layers=(1, 2, 1), heads=(2, 4, 2), windows=(4, 8, 8)),
}
DISCRIMINATORS = {
    "as HiT": D,
    "average": replace(D, downsample="average"),
    "minibatch stddev": replace(D, minibatch_stddev=True),
    "large": DiscriminatorConfig((3, 4, 5, 6, 7), equalized=True),
}


class Counted(np.ndarray):
    """An array that notes the multiply-adds of the matrix products that it takes part in, and hands that on."""

    products = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **options):
        plain = [x.view(np.ndarray) if isinstance(x, Counted) else x for x in inputs]
        if out:
            options["out"] = tuple(x.view(np.ndarray) for x in out)
        y = getattr(ufunc, method)(*plain, **options)
        if ufunc is np.matmul:
            Counted.products += y.size * plain[0].shape[-1]
        return y.view(Counted) if isinstance(y, np.ndarray) else y


def counted_products(forward, params, *arguments):
    Counted.products = 0
    forward(tree.map(lambda leaf: leaf.view(Counted), params), *arguments)
    return Counted.products


def kept_bytes(cache, params):
    """The bytes of all distinct arrays in a cache, those of the parameters left out."""
    owners = {}

    def visit(value):
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, (list, tuple)):
            for child in value:
                visit(child)
        elif isinstance(value, np.ndarray):
            while value.base is not None:
                value = value.base
            owners[id(value)] = value

    visit(cache)
    for _, leaf in tree.items(params):
        owners.pop(id(leaf if leaf.base is None else leaf.base), None)
    return sum(value.nbytes for value in owners.values())


def kept_per_image(forward, params, count):
    """What one more group of `count` images adds to a cache, per image."""
    more, fewer = (kept_bytes(forward(n), params) for n in (2 * count, count))
    return (more - fewer) / count


@pytest.mark.parametrize("config", GENERATORS.values(), ids=GENERATORS)
def test_generator_costs_are_those_counted_while_it_runs(config):
    params, averages = generator.init(np.random.default_rng(0), config), generator.init_averages(config)
    total, z = cost.total(cost.generator_rows(config)), np.ones((4, *config.z_shape), np.float32)
    assert total.parameters == tree.size(params)
    assert total.multiply_adds == counted_products(generator.forward, params, z[:1], config, averages)
    kept = kept_per_image(lambda n: generator.forward(params, z[:n].copy(), config)[1], params, 2)
    assert total.activations == kept


@pytest.mark.parametrize("config", DISCRIMINATORS.values(), ids=DISCRIMINATORS)
def test_discriminator_costs_are_those_counted_while_it_runs(config):
    params = discriminator.init(np.random.default_rng(0), config)
    images = np.random.default_rng(1).random((8, config.size, config.size, 3), dtype=np.float32)
    total = cost.total(cost.discriminator_rows(config))
    assert total.parameters == tree.size(params)
    assert total.multiply_adds == counted_products(discriminator.forward, params, images[:1], config)
    kept = kept_per_image(lambda n: discriminator.forward(params, images[:n].copy(), config)[1], params, 4)
    assert total.activations == kept


@pytest.mark.parametrize("config", [*ENCODERS.values(), EncoderConfig(32, (4, 6, 8), out=5)], ids=str)
def test_encoder_costs_are_those_counted_while_it_runs(config):
    params, images = make_encoder(config, np.random.default_rng(0), np.float32)
    assert_counted(encoder, cost.encoder_rows(config), params, images, config)


@pytest.mark.parametrize("config", [*DECODERS.values(), ConvolutionalDecoderConfig(32, 5, (8, 6, 4))], ids=str)
def test_convolutional_decoder_costs_are_those_counted_while_it_runs(config):
    params, z = make_decoder(config, np.random.default_rng(0), np.float32)
    assert_counted(decoder, cost.convolutional_decoder_rows(config), params, z, config)


@pytest.mark.parametrize("config", STYLEGAN2S.values(), ids=STYLEGAN2S)
def test_stylegan2_costs_are_those_counted_while_it_runs(config):
    params, z, _, noise = make_stylegan2(config, np.random.default_rng(0), np.float32, count=4)

    def forward(n):
        return stylegan2.forward(params, z[:n].copy(), config, noise=[maps[:n].copy() for maps in noise])[1]

    total = cost.total(cost.stylegan2_rows(config))
    assert total.parameters == tree.size(params)
    assert total.multiply_adds == counted_products(stylegan2.forward, params, z[:1], config)
    assert total.activations == kept_per_image(forward, params, 2)


def assert_counted(network, rows, params, inputs, config):
    total = cost.total(rows)
    assert total.parameters == tree.size(params)
    assert total.multiply_adds == counted_products(network.forward, params, inputs[:1], config)
    kept = kept_per_image(lambda n: network.forward(params, inputs[:n].copy(), config)[1], params, 1)
    assert total.activations == kept


def test_the_tables_of_a_tiny_autoencoder_by_hand():
    down0, down1, stack, out = cost.encoder_rows(EncoderConfig(8, (4, 8), out=3, blocks=1))
    assert (down0.part, down0.side, down0.channels, down0.parameters) == ("down 0", 4, 4, 16 * 3 * 4 + 4)
    assert (down0.multiply_adds, down0.activations) == (16 * 16 * 3 * 4, 4 * 64 * 3 + 16 * 4)
    assert (down1.part, down1.side, down1.channels, down1.activations) == ("down 1", 2, 8, 4 * 16 * 4 + 4 * 8)
    assert (stack.side, stack.channels, stack.blocks) == (2, 8, 1)
    assert stack.multiply_adds == 4 * (9 * 8 * 8 + 9 * 8 * 2 + 8 * 2)
    assert stack.activations == (4 + 1) * 4 * (8 + 8 + 2)                             # values, and masks of as many
    assert (out.side, out.channels, out.multiply_adds, out.activations) == (2, 3, 4 * 8 * 3, 4 * 4 * 8)
    assert cost.encoder_rows(EncoderConfig(8, (4, 8), out=3, spatial=False))[-1].side is None
    first, same, up, last = cost.convolutional_decoder_rows(ConvolutionalDecoderConfig(8, 3, (8, 4), blocks=1))
    assert (first.side, first.channels, first.multiply_adds, first.activations) == (2, 8, 4 * 3 * 8, 4 * 4 * 3)
    assert replace(same, part="stack") == stack
    assert (up.part, up.side, up.channels, up.multiply_adds) == ("up 0", 4, 4, 4 * 16 * 8 * 4)
    assert up.activations == 4 * 4 * 8 + 16 * 4
    assert (last.side, last.channels, last.multiply_adds, last.activations) == (8, 3, 16 * 16 * 4 * 3, 4 * 16 * 4)


def test_the_table_of_a_tiny_stylegan2_by_hand():
    mapping, first, low, high = cost.stylegan2_rows(StyleGAN2Config(latent=3, width=5, channels=(6, 4), mapping=2))
    assert (mapping.part, mapping.side, mapping.channels) == ("mapping", None, 5)
    assert (mapping.parameters, mapping.multiply_adds) == (3 * 5 + 5 + 5 * 5 + 5, 3 * 5 + 5 * 5)
    assert mapping.activations == 4 * (3 + 1 + 5 + 5) + 2 * 5                         # z, its divisor, w twice; masks
    assert (first.part, first.side, first.channels, first.parameters) == ("first map", 4, 6, 16 * 6)
    assert (first.multiply_adds, first.activations) == (0, 0)
    style, colours = 5 * 6 + 6, 5 * 6 + 6 + 6 * 3 + 3
    assert (low.part, low.side, low.channels) == ("side 4", 4, 6)
    assert low.parameters == style + 9 * 6 * 6 + 1 + 6 + colours
    assert low.multiply_adds == 5 * 6 + 6 * 6 + 16 * 9 * 6 * 6 + 5 * 6 + 16 * 6 * 3   # demodulation is 6 x 6
    assert low.activations == 4 * (12 + 16 * 13 + 6) + 16 * 6                         # styles; map before, after, noise
    assert (high.part, high.side, high.channels) == ("side 8", 8, 4)
    up, same = 5 * 6 + 6 * 4 + 16 * 9 * 6 * 4, 5 * 4 + 4 * 4 + 64 * 9 * 4 * 4         # at the pixels before doubling
    assert high.multiply_adds == up + same + 5 * 4 + 64 * 4 * 3
    assert high.activations == 4 * (10 + 8 + 2 * 64 * 9 + 4) + 2 * 64 * 4


def test_parameters_of_the_official_stylegan2():
    config = StyleGAN2Config(512, 512, halved_channels(256))
    assert cost.total(cost.stylegan2_rows(config)).parameters == 30_034_338


def test_the_table_of_a_tiny_generator_by_hand():
    first, tokens, low, high = cost.generator_rows(G)
    assert (first.side, first.channels, first.parameters, first.multiply_adds) == (8, 8, 3 * 512 + 512, 3 * 512)
    assert first.activations == 4 * 3                                                 # z
    assert (tokens.parameters, tokens.multiply_adds) == (3 * 24 + 24 + 24 + 16, 72)
    assert tokens.activations == 4 * 2 * 24                                           # centered and the tokens
    attention = 2 * (8 * 8 + 8) + 2 * (8 * 4 + 4)                                     # query, out; key, value
    pointwise = 16 + 8 * 32 + 32 + 32 * 8 + 8
    assert low.parameters == 64 * 8 + 2 * (16 + attention + pointwise) + (2 * 4 + 4)  # position; two blocks; widen
    assert (low.heads, low.window, low.attention, low.blocks) == (2, (4, 4), ("block", "grid"), 1)
    cross = 64 * (2 * 8 * 8) + 3 * (2 * 8 * 4) + 2 * 64 * 8 * 3
    itself = 64 * (2 * 8 * 8 + 2 * 8 * 4) + 2 * 64 * 4 * (16 + 4)                     # one head per axis, 16 and 4 keys
    assert low.multiply_adds == cross + itself + 2 * 64 * (2 * 8 * 32) + 256 * (2 * 4)
    assert (high.side, high.heads, high.window, high.attention) == (16, 2, None, ())


def test_parameters_of_the_official_networks():
    for name, counts in OFFICIAL.items():
        preset = PRESETS[name]
        rows = cost.generator_rows(preset.generator), cost.discriminator_rows(preset.discriminator)
        assert tuple(cost.total(part).parameters for part in rows) == counts


@pytest.mark.parametrize("name", ["faces-32", "celeba-64"])
def test_parameters_of_our_networks(name):
    preset = PRESETS[name]
    made = {name: tree.size(network["params"]) for name, network in state.create(0, preset).networks.items()}
    assert cost.total(cost.generator_rows(preset.generator)).parameters == made["generator"]
    assert cost.total(cost.discriminator_rows(preset.discriminator)).parameters == made["discriminator"]


def test_training_memory_is_that_of_a_state():
    made = state.create(0, TINY)
    memory = cost.training_memory(TINY)
    assert sum(memory.values()) == sum(leaf.nbytes for _, leaf in tree.items(made.trees))
    assert memory["EMA"] == made.averaged["generator"].nbytes


def test_blank_weights_take_no_memory():
    weight = generator.init(None, PRESETS["hit-1024"].generator)["stages"][-1]["position"]
    assert (weight.shape, weight.dtype, weight.base.nbytes) == ((1, 1024, 1024, 32), np.float32, 4)


def test_the_table_is_aligned_and_leaves_empty_columns_out():
    lines = command.table(cost.discriminator_rows(D)).splitlines()
    assert lines[0].split() == ["map", "channels", "parameters", "multiply-adds", "activations"]
    assert len({len(line) for line in lines}) == 1
    assert lines[-1].startswith("total")


@pytest.mark.parametrize("count, text", [(0, "0"), (999, "999"), (1000, "1.00 k"), (12_345_678, "12.3 M"),
                                         (999_600, "1.00 M"), (5_100_000_000, "5.10 G"), (2 * 10**15, "2000 T")])
def test_quantities_have_three_digits(count, text):
    assert command.quantity(count) == text


@pytest.mark.parametrize("count, text", [(12, "12 B"), (1000, "0.98 KiB"), (1024, "1.00 KiB"), (2**20, "1.00 MiB"),
                                         (3.5 * 2**30, "3.50 GiB"), (2**41, "2.00 TiB")])
def test_sizes_have_three_digits(count, text):
    assert command.size(count) == text
