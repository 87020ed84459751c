"""What a network costs, part by part, from its shapes alone: parameters, multiply-adds, memory for backward.

Multiply-adds are those of all matrix products and convolutions, by their definition, in the forward pass of one image;
normalisation, GELU, blurring and sums are left out.
Activations are the bytes per image that a forward pass keeps for backward: float32 values, one byte for each mask of
a leaky ReLU, without parameters and without what batch norm keeps once per batch.
"""

from minihit.cost.autoencoder import convolutional_decoder_rows, encoder_rows, quantizer_rows
from minihit.cost.discriminator import discriminator_rows
from minihit.cost.hit import generator_rows
from minihit.cost.memory import PASSES, step_memory, training_memory
from minihit.cost.network import rows, rows_of
from minihit.cost.row import Row, total
from minihit.cost.stylegan2 import stylegan2_rows

__all__ = ["PASSES", "Row", "convolutional_decoder_rows", "discriminator_rows", "encoder_rows", "generator_rows",
           "quantizer_rows", "rows", "rows_of", "step_memory", "stylegan2_rows", "total", "training_memory"]
