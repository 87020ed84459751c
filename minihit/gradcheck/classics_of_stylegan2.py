"""The mistakes that almost everybody makes once in the layers and ops of StyleGAN2's generator.

Shapes: as in their layers and ops.
"""

from minihit.gradcheck.plant import Plant, from_inputs
from minihit.layers import modulated_conv2d
from minihit.ops import noisy_relu, pixel_norm, upsample
from minihit.ops.column_sum import column_sum


def through_demodulation(dy, params, x, style):
    """(dstyle, dweight): the parts of the gradients that go through the demodulation."""
    squares = (params["weight"] ** 2).sum(axis=(0, 1))
    v, _ = modulated_conv2d.forward(params, x, style, demodulate=False)
    dsum = (dy * v).sum(axis=(1, 2)) * -0.5 * (style**2 @ squares + modulated_conv2d.EPS) ** -1.5
    return 2.0 * style * (dsum @ squares.T), 2.0 * params["weight"] * ((style**2).T @ dsum)


def demodulation_of_fixed_style(found, dy, params, x, style):
    dx, dstyle, grads = found
    return dx, dstyle - through_demodulation(dy, params, x, style)[0], grads


def demodulation_of_fixed_kernel(found, dy, params, x, style):
    dx, dstyle, grads = found
    return dx, dstyle, {"weight": grads["weight"] - through_demodulation(dy, params, x, style)[1]}


def style_after(found, dy, params, x, style):
    """dx as if the map had not been scaled on its way in."""
    return found[0] / style[:, None, None], *found[1:]


def noise_forgotten(found, dy, x, strength, bias, noise):
    return found[0], found[0].sum().reshape(1), found[2]


def gain_forgotten(found, dy, x, strength, bias, noise):
    return tuple(gradient / noisy_relu.GAIN for gradient in found)


def bias_of_dy(found, dy, x, strength, bias, noise):
    return *found[:2], column_sum(dy)


def rms_fixed(dx, dy, x):
    return dy / ((x * x).mean(axis=-1, keepdims=True) + pixel_norm.EPS) ** 0.5


CLASSICS = {
    "demodulation of a fixed style": Plant(
        "modulated_conv2d", "style", from_inputs(demodulation_of_fixed_style),
        "it is forgotten that the demodulation depends on the style, too"),
    "demodulation of a fixed kernel": Plant(
        "modulated_conv2d", "params/weight", from_inputs(demodulation_of_fixed_kernel),
        "it is forgotten that the demodulation depends on the kernel, too"),
    "style forgotten on the way back": Plant(
        "modulated_conv2d", "x", from_inputs(style_after),
        "the gradient is not multiplied by the style on its way to x"),
    "noise forgotten": Plant(
        "noisy_relu", "strength", from_inputs(noise_forgotten),
        "dy is summed as it is: the noise that the strength multiplies is forgotten"),
    "gain forgotten": Plant(
        "noisy_relu", "x", from_inputs(gain_forgotten),
        "the gain of sqrt(2) is forgotten on the way back", ("strength", "bias")),
    "bias behind the ReLU": Plant(
        "noisy_relu", "bias", from_inputs(bias_of_dy),
        "dy is summed for the bias before it goes through the leaky ReLU"),
    "rms held fixed": Plant(
        "pixel_norm", "x", from_inputs(rms_fixed),
        "the root of the mean square is held fixed, though it depends on x"),
    "upsampling, nearest": Plant(
        "blur_upsample", "x", from_inputs(lambda dx, dy, x: upsample.backward(dy, {})),
        "four pixels are summed, as for nearest neighbours, where the transpose of the blur reads sixteen"),
    "a painted kernel turned": Plant(
        "transposed_conv2d", "weight", from_inputs(lambda found, dy, x, weight: (found[0], found[1][::-1, ::-1])),
        "the kernel is not turned around, though it is painted so"),
}
