"""The table of costs of each network of a preset."""

from minihit.cost.autoencoder import convolutional_decoder_rows, encoder_rows, quantizer_rows
from minihit.cost.discriminator import discriminator_rows
from minihit.cost.hit import generator_rows
from minihit.cost.stylegan2 import stylegan2_rows

ROWS = {"hit": generator_rows, "discriminator": discriminator_rows, "encoder": encoder_rows,
        "convolutional_decoder": convolutional_decoder_rows, "stylegan2": stylegan2_rows}


def rows(preset):
    """{network: its Rows}."""
    return {name: _rows_of(config, preset) for name, config in preset.networks.items()}


def _rows_of(config, preset):
    return quantizer_rows(config, preset.encoder.side) if config.kind == "quantizer" else ROWS[config.kind](config)
