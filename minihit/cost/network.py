"""The table of costs of each network of a preset."""

from minihit.cost.autoencoder import convolutional_decoder_rows, encoder_rows, quantizer_rows
from minihit.cost.discriminator import discriminator_rows
from minihit.cost.hit import generator_rows
from minihit.cost.stylegan2 import stylegan2_rows

ROWS = {"hit": generator_rows, "discriminator": discriminator_rows, "encoder": encoder_rows,
        "convolutional_decoder": convolutional_decoder_rows, "stylegan2": stylegan2_rows}


def rows(preset):
    """{network: its Rows}."""
    return {name: _rows_in(preset, config) for name, config in preset.networks.items()}


def rows_of(config):
    """The Rows of one network, of any kind but a quantizer, whose configuration does not say how large its grid is."""
    return ROWS[config.kind](config)


def _rows_in(preset, config):
    return quantizer_rows(config, preset.encoder.side) if config.kind == "quantizer" else rows_of(config)
