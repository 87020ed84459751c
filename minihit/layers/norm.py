"""The normalisation a generator was configured with: "batch" (the official default) or "layer".

Shapes: x, y (..., C). Both kinds have params {"scale", "bias"}; only batch normalisation has a state.
"""

from minihit.layers import batch_norm, layer_norm

KINDS = ("batch", "layer")


def init(channels):
    return batch_norm.init(channels)


def init_state(channels, kind):
    return batch_norm.init_state(channels) if kind == "batch" else {}


def forward(params, x, kind, state=None):
    if kind == "layer":
        return layer_norm.forward(params, x)
    return batch_norm.forward(params, x, state)


def backward(dy, cache):
    kind = batch_norm if "evaluation" in cache else layer_norm
    return kind.backward(dy, cache)
