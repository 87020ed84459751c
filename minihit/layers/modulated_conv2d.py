"""Modulated convolution (Karras et al. 2020, section 2.2): a kernel whose input channels are scaled image by image.

    y = demodulation * (weight * (style x)),  demodulation = 1 / sqrt(sum over the kernel of (weight style)^2 + EPS)

Shapes: x (B, H, W, C), style (B, C), weight (k, k, C, C'), demodulation (B, C'); y (B, H, W, C'), or (B, 2H, 2W, C')
where `up` doubles the sides; for up k is 3.

Scaling the map before and after one convolution that all images share is the same as a kernel for every image. For up
zeros come between the pixels and the map is blurred; the convolution goes first, as the two change places, and so
reads a quarter of the pixels.
"""

from minihit import initializers
from minihit.ops import conv2d, smooth, transposed_conv2d
from minihit.ops.matmul import matmul

EPS = 1e-8


def init(rng, c_in, c_out, k=3):
    return {"weight": initializers.standard_normal(rng, (k, k, c_in, c_out))}


def forward(params, x, style, up=False, demodulate=True):
    weight = params["weight"]
    v = _forward(x * _per_image(style), weight, up)
    cache = {"x": x, "style": style, "weight": weight, "up": up}
    if not demodulate:
        return v, cache
    squares = (weight * weight).sum(axis=(0, 1))                          # (C, C')
    demodulation = (matmul(style * style, squares) + EPS) ** -0.5
    return v * _per_image(demodulation), {**cache, "v": v, "squares": squares, "demodulation": demodulation}


def backward(dy, cache):
    """Returns dx, dstyle, grads."""
    x, style, weight = cache["x"], cache["style"], cache["weight"]
    dv = dy * _per_image(cache["demodulation"]) if "v" in cache else dy
    du, dweight = _backward(dv, x * _per_image(style), weight, cache["up"])
    dx, dstyle = du * _per_image(style), (du * x).sum(axis=(1, 2))
    if "v" in cache:
        dsum = (dy * cache["v"]).sum(axis=(1, 2)) * -0.5 * cache["demodulation"] ** 3   # of the sum under the root
        dstyle += 2.0 * style * matmul(dsum, cache["squares"].T)
        dweight += 2.0 * weight * matmul((style * style).T, dsum)
    return dx, dstyle, {"weight": dweight}


def _forward(u, weight, up):
    if up:
        return smooth.forward(transposed_conv2d.forward(u, weight)[0])[0]
    return conv2d.forward(u, weight)[0]


def _backward(dv, u, weight, up):
    cache = {"x": u, "weight": weight}
    return transposed_conv2d.backward(smooth.backward(dv, {}), cache) if up else conv2d.backward(dv, cache)


def _per_image(scale):
    return scale[:, None, None]
