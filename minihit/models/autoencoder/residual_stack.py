"""What encoder and decoder do on their smallest map: a 3 x 3 convolution, residual blocks, a leaky ReLU.

Shapes: x, y (B, G, G, C).
"""

from minihit.layers import conv2d, residual_block
from minihit.models.autoencoder.config import hidden
from minihit.ops import leaky_relu


def init(rng, channels, blocks):
    return {"conv": conv2d.init(rng, channels, channels),
            "blocks": [residual_block.init(rng, channels, hidden(channels)) for _ in range(blocks)]}


def forward(params, x):
    cache = {"blocks": []}
    x, cache["conv"] = conv2d.forward(params["conv"], x)
    for block in params["blocks"]:
        x, block_cache = residual_block.forward(block, x)
        cache["blocks"].append(block_cache)
    y, cache["relu"] = leaky_relu.forward(x)
    return y, cache


def backward(dy, cache):
    grads = {"blocks": []}
    dx = leaky_relu.backward(dy, cache["relu"])
    for block_cache in reversed(cache["blocks"]):
        dx, block = residual_block.backward(dx, block_cache)
        grads["blocks"].insert(0, block)
    dx, grads["conv"] = conv2d.backward(dx, cache["conv"])
    return dx, grads
