"""What encoder, quantizer and convolutional decoder cost: see minihit/cost."""

from itertools import pairwise

from minihit.cost.row import FLOAT, Row, products_of, row
from minihit.models.autoencoder import decoder, encoder
from minihit.models.autoencoder.config import hidden


def encoder_rows(config):
    """A Row for each halving of the sides, one for the stack on the smallest map, one for the linear layer."""
    params, side, rows = encoder.init(None, config), config.size, []
    for index, (layer, (c, after)) in enumerate(zip(params["down"], pairwise((3, *config.channels)), strict=True)):
        wide, small, side = side**2, side**2 // 4, side // 2              # pixels before and after halving
        rows.append(row(f"down {index}", side, after, layer, small * products_of(layer), wide * c, small * after))
    rows.append(_stack_row(params["stack"], side, after, config.blocks))
    products = _places(config, side) * products_of(params["out"])
    return [*rows, row("out", side if config.spatial else None, config.out, params["out"], products, side**2 * after)]


def convolutional_decoder_rows(config):
    """A Row for the linear layer, one for the stack on the smallest map, one for each doubling of the sides."""
    params, side, c = decoder.init(None, config), config.start, config.channels
    products = _places(config, side) * products_of(params["start"])
    rows = [row("first map", side, c[0], params["start"], products, _places(config, side) * config.latent),
            _stack_row(params["stack"], side, c[0], config.blocks)]
    for index, (layer, (before, after)) in enumerate(zip(params["up"], pairwise(c), strict=True)):
        small, wide, side = side**2, 4 * side**2, 2 * side                # pixels before and after doubling
        rows.append(row(f"up {index}", side, after, layer, small * products_of(layer), small * before, wide * after))
    last = params["to_rgb"]
    return [*rows, row("to rgb", 2 * side, 3, last, side**2 * products_of(last), side**2 * c[-1])]


def quantizer_rows(config, side):
    """A Row for the comparison of all positions with all codes."""
    values = side**2 * config.width                                       # of all positions
    return [Row("codebook", side, config.width, config.codes * config.width, config.codes * values, 3 * FLOAT * values)]


def _stack_row(params, side, channels, blocks):
    """The residual stack of an autoencoder: inputs of its convolutions, a mask for each leaky ReLU."""
    pixels, inside = side**2, blocks * (channels + hidden(channels))
    return row("stack", side, channels, params, pixels * products_of(params), pixels * (channels + inside),
               pixels * (channels + inside), blocks=blocks)


def _places(config, side):
    """At how many places of the smallest map numbers become channels, or channels numbers."""
    return side**2 if config.spatial else 1
