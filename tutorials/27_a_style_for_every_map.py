# %% [markdown]
# # 27. A style for every map
#
# HiT's counterpart is StyleGAN2 (Karras et al. 2020), a generator made of convolutions. There z does not enter at the
# bottom: it becomes a vector w, and w becomes a *style* for every layer, a factor for each of its channels. That is a
# convolution whose kernel is another one for every image. Its backward has three terms that are easily forgotten, and
# around it stand five small layers. Read it beside `minihit/layers/modulated_conv2d.py`. You need chapters 0 to 4, 12
# to 15.

# %%
import math

import numpy as np

from minihit import gradcheck, tree
from minihit.layers import linear, modulated_conv2d, styled_conv2d, styled_rgb
from minihit.models import stylegan2
from minihit.models.stylegan2.config import StyleGAN2Config
from minihit.ops import (
    blur_downsample,
    blur_upsample,
    conv2d,
    leaky_relu,
    noisy_relu,
    pixel_norm,
    smooth,
    transposed_conv2d,
)
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# A 1 x 1 convolution with weight [[3], [4]] takes two channels to one. Scale the first channel by a style of 2: the sum
# is 6 x_0 + 4 x_1. If both x have variance 1 and know nothing of each other, y has variance 36 + 16 = 52, and without
# the style 9 + 16 = 25. Styles would make maps larger and larger from layer to layer. So y is divided by the root of
# 52, the length of the scaled kernel. This is *demodulation*: now a style decides about proportions alone, and 2 for
# both channels is the same as 1 for both.

# %%
weight = np.array([3.0, 4.0])
for style in ([1.0, 1.0], [2.0, 1.0], [2.0, 2.0]):
    kernel = weight * style
    print(f"style {style}: kernel {kernel}, demodulated {(kernel / np.sqrt((kernel**2).sum())).round(3)}")

# %% [markdown]
# ## A kernel for every image
#
# With style (B, C), weight (k, k, C, C'), and one number for each image and output channel,
#
#     kernel_b[i, j, c, o]  =  weight[i, j, c, o] * style[b, c] * demodulation[b, o]
#     demodulation[b, o]    =  1 / sqrt(sum over i, j, c of (weight[i, j, c, o] style[b, c])^2 + EPS)
#
# The long way: B convolutions, an image each. But a factor for each input channel can go to the map before the
# convolution, and a factor for each output channel to the map after it. So it is *one* convolution that all images
# share:
#
#     y  =  demodulation * conv(style * x)

# %%
B, H, W, C, OUT, EPS = 3, 4, 5, 4, 3, modulated_conv2d.EPS
x, style = rng.standard_normal((B, H, W, C)), 1.0 + 0.5 * rng.standard_normal((B, C))
weight = rng.standard_normal((3, 3, C, OUT))


def kernels(style, weight):
    """(B, k, k, C, C')"""
    scaled = weight * style[:, None, None, :, None]
    return scaled / np.sqrt((scaled**2).sum(axis=(1, 2, 3), keepdims=True) + EPS)


def forward(x, style, weight):
    return np.concatenate([conv2d.forward(x[b:b + 1], kernel)[0] for b, kernel in enumerate(kernels(style, weight))])


demodulation = 1.0 / np.sqrt((style**2) @ (weight**2).sum(axis=(0, 1)) + EPS)           # (B, C')
u = x * style[:, None, None]
v, _ = conv2d.forward(u, weight)
compare("one convolution for all images", v * demodulation[:, None, None], forward(x, style, weight))
compare("modulated_conv2d", modulated_conv2d.forward({"weight": weight}, x, style)[0], forward(x, style, weight))
lengths = np.sqrt((kernels(style, weight) ** 2).sum(axis=(1, 2, 3)))
compare("each output's kernel has length 1", lengths, np.ones((B, OUT)))

# %% [markdown]
# ## Its backward
#
# Read y = d * v, v = conv(u), u = style * x upwards. A factor for a whole map collects from all its pixels:
#
#     dv = d * dy        du, dweight = conv's        dx = style * du        dstyle = sum over pixels of du * x
#     dd = sum over pixels of dy * v
#
# Then d itself. It is (sum)^(-1/2), sum = sum over i, j, c of weight^2 style^2, so dsum = dd * (-1/2) d^3, and
#
#     dstyle   +=  2 style * sum over outputs of dsum * (sum over i, j of weight^2)
#     dweight  +=  2 weight * sum over images of style^2 dsum
#
# These last two are what is forgotten. Without them a kernel's length seems to matter, which it does not.

# %%
dy = rng.standard_normal(v.shape)
dv = dy * demodulation[:, None, None]
cache = {"x": u, "weight": weight}
du, dweight_conv = conv2d.input_gradient(dv, cache), conv2d.weight_gradient(dv, cache)
dx, dstyle_conv = du * style[:, None, None], (du * x).sum(axis=(1, 2))
dsum = (dy * v).sum(axis=(1, 2)) * -0.5 * demodulation**3                 # (B, C')
dstyle = dstyle_conv + 2.0 * style * (dsum @ (weight**2).sum(axis=(0, 1)).T)
dweight = dweight_conv + 2.0 * weight * (style.T**2 @ dsum)
expected = {
    "dx": gradcheck.numerical_gradient(lambda x: (dy * forward(x, style, weight)).sum(), x),
    "dstyle": gradcheck.numerical_gradient(lambda style: (dy * forward(x, style, weight)).sum(), style),
    "dweight": gradcheck.numerical_gradient(lambda weight: (dy * forward(x, style, weight)).sum(), weight)}
_, cache = modulated_conv2d.forward({"weight": weight}, x, style)
library = dict(zip(expected, modulated_conv2d.backward(dy, cache), strict=True))
library["dweight"] = library["dweight"]["weight"]
for name, ours in {"dx": dx, "dstyle": dstyle, "dweight": dweight}.items():
    compare(name, ours, expected[name])
    compare(f"{name} of the library", library[name], ours)
for name, part in {"dstyle": dstyle_conv, "dweight": dweight_conv}.items():
    print(f"  {name} through the convolution alone is off by {abs(part - expected[name]).max():.2f}")
    assert abs(part - expected[name]).max() > 0.1
along = (dweight * weight).sum(axis=(0, 1, 2))                            # of each output's kernel, towards its length
compare("along the kernel itself the gradient is zero", along, np.zeros(OUT), atol=1e-6)

# %%
with picture(11, 3.4) as drawn:
    tables = {"weight, for all images": np.sqrt((weight**2).sum(axis=(0, 1)))}
    tables |= {f"kernel of image {b}": np.sqrt((kernel**2).sum(axis=(0, 1)))
               for b, kernel in enumerate(kernels(style, weight))}
    for axes, (title, table) in zip(drawn.subplots(1, 4), tables.items(), strict=True):
        axes.imshow(table, cmap="Blues", vmin=0)
        for (row, column), value in np.ndenumerate(table):
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8)
        axes.set(xlabel="output channel", ylabel="input channel", xticks=range(OUT), yticks=range(C))
        sums = ", ".join(f"{length:.1f}" for length in np.sqrt((table**2).sum(axis=0)))
        axes.set_title(f"{title}\nlengths {sums}", fontsize=9)

# %% [markdown]
# ## Twice as large
#
# A layer that doubles the sides puts zeros between the pixels, convolves, and blurs. Zeros need no products: every
# pixel paints its kernel, two pixels apart, which is a *transposed convolution*; `smooth` is the blur, [1 3 3 1] / 4
# along each axis, since three of four pixels were zero. Both are linear: chapter 12.

# %%
x = rng.standard_normal((2, 3, 4, C))
painted, cache = transposed_conv2d.forward(x, weight)
by_loops = np.zeros(painted.shape)
for h, w, i, j in np.ndindex(3, 4, 3, 3):
    by_loops[:, 2 * h + i, 2 * w + j] += x[:, h, w] @ weight[2 - i, 2 - j]            # the kernel turned around
compare("transposed_conv2d", painted, by_loops)
dpainted = rng.standard_normal(painted.shape)
dx, dweight = transposed_conv2d.backward(dpainted, cache)
compare("<A x, dy> and <x, A^T dy>", (painted * dpainted).sum(), (x * dx).sum())
compare("dweight", dweight, gradcheck.numerical_gradient(
    lambda weight: (dpainted * transposed_conv2d.forward(x, weight)[0]).sum(), weight))
TAPS = np.array([1.0, 3.0, 3.0, 1.0]) / 4
smoothed, _ = smooth.forward(painted)
padded = np.pad(painted, ((0, 0), (1, 1), (1, 1), (0, 0)))
compare("smooth", smoothed, sum(TAPS[i] * TAPS[j] * padded[:, i:i + 6, j:j + 8] for i in range(4) for j in range(4)))
dsmoothed = rng.standard_normal(smoothed.shape)
compare("smooth's transpose", (painted * smooth.backward(dsmoothed, {})).sum(), (smoothed * dsmoothed).sum())
(*rows,) = gradcheck.check_layer(modulated_conv2d, {"weight": weight}, (x, style[:2]), rng, up=True)
print("  modulated_conv2d, doubled:", ", ".join(f"{row.path} {row.share:.0e}" for row in rows), "of the allowed errors")

# %% [markdown]
# The image is doubled as well when a larger map adds its colours. `blur_upsample` is four times the transpose of
# chapter 15's `blur_downsample`. So its backward is four times the other's forward: nothing to write.

# %%
image = rng.standard_normal((2, 3, 4, 3))
large, _ = blur_upsample.forward(image)
dlarge = rng.standard_normal(large.shape)
compare("blur_upsample.backward", blur_upsample.backward(dlarge, {}), 4 * blur_downsample.forward(dlarge)[0])
compare("<A x, dy> and <x, A^T dy>", (large * dlarge).sum(), (image * blur_upsample.backward(dlarge, {})).sum())
flat, _ = blur_upsample.forward(np.ones((1, 4, 4, 1)))
compare("a constant image stays constant, inside", flat[0, 1:-1, 1:-1, 0], np.ones((6, 6)))

# %% [markdown]
# ## Noise, bias and a bend
#
# After each convolution one map of random numbers is added to all channels, times a learned *strength*, and the bias;
# then leaky ReLU times root 2. Strength is one number, so its gradient is a sum over everything, each place times its
# noise.

# %%
h, noise = rng.standard_normal((2, 3, 4, C)), rng.standard_normal((2, 3, 4))
strength, bias = np.array([0.7]), rng.standard_normal(C)
y, cache = noisy_relu.forward(h, strength, bias, noise)
before = h + strength * noise[..., None] + bias
compare("noisy_relu", y, math.sqrt(2.0) * leaky_relu.forward(before)[0])
dy = rng.standard_normal(y.shape)
dh = math.sqrt(2.0) * dy * np.where(before > 0, 1.0, 0.2)
for name, ours, theirs in zip(("dh", "dstrength", "dbias"),
                              (dh, np.array([(dh * noise[..., None]).sum()]), dh.sum(axis=(0, 1, 2))),
                              noisy_relu.backward(dy, cache), strict=True):
    compare(name, theirs, ours)
print("mean square of the output, were the input N(0, 1):",
      f"{(2 * leaky_relu.forward(rng.standard_normal(100_000))[0] ** 2).mean():.2f}")

# %% [markdown]
# ## From z to w
#
# Linear layers with leaky ReLUs make w of z; before them *pixel norm* gives every z the same length: layer norm without
# a mean. y = x / rms does not see a stretch, so dx has no part along y: chapter 4's closed form without its first
# projection.

# %%
z, dy = rng.standard_normal((2, 3, 6))
y, cache = pixel_norm.forward(z)
rms = np.sqrt((z**2).mean(axis=-1, keepdims=True) + pixel_norm.EPS)
compare("pixel_norm", y, z / rms)
by_hand = (dy - y * (dy * y).mean(axis=-1, keepdims=True)) / rms
compare("its dx", by_hand, gradcheck.numerical_gradient(lambda z: (dy * pixel_norm.forward(z)[0]).sum(), z))
compare("its dx of the library", pixel_norm.backward(dy, cache), by_hand)

# %% [markdown]
# ## The two layers of the network
#
# `styled_conv2d`: a style by a linear layer of w (its bias starts at one), the modulated convolution, noise, bend.
# `styled_rgb`: the same for three colours, 1 x 1, without demodulation, noise and bend. Read upwards, w gets what its
# style's linear layer sends back.

# %%
WIDTH = 5
w = rng.standard_normal((2, WIDTH))
params = gradcheck.perturb(styled_conv2d.init(rng, C, OUT, WIDTH), rng)
y, cache = styled_conv2d.forward(params, h, w, noise)
dy = rng.standard_normal(y.shape)
dx, dw, grads = styled_conv2d.backward(dy, cache)
style, style_cache = linear.forward(params["style"], w)
v, conv_cache = modulated_conv2d.forward(params["conv"], h, style)
_, relu_cache = noisy_relu.forward(v, params["strength"], params["bias"], noise)
dv, *_ = noisy_relu.backward(dy, relu_cache)
dx_by_hand, dstyle, _ = modulated_conv2d.backward(dv, conv_cache)
compare("styled_conv2d, dx", dx, dx_by_hand)
compare("styled_conv2d, dw", dw, linear.backward(dstyle, style_cache)[0])
colours = gradcheck.perturb(styled_rgb.init(rng, C, WIDTH), rng)
for name, layer, leaves, options in [("styled_conv2d", styled_conv2d, params, {"noise": noise}),
                                     ("styled_rgb", styled_rgb, colours, {})]:
    rows = gradcheck.check_layer(layer, leaves, (h, w), rng, **options)
    print(f"  {name}: {len(rows)} leaves, the largest error {max(row.share for row in rows):.0e} of the allowed")

# %% [markdown]
# ## All of it
#
# A learned map of 4 x 4, then for each doubling two styled convolutions, and colours that are added up as in chapter
# 12. Every layer reads w, so dw is a sum over all of them.

# %%
config = StyleGAN2Config(latent=6, width=5, channels=(6, 4), mapping=2)
params = gradcheck.perturb(stylegan2.init(rng, config), rng)
images, cache = stylegan2.forward(params, z, config)
dimages = rng.standard_normal(images.shape)
dz, grads = stylegan2.backward(dimages, cache)
print("z", z.shape, "-> images", images.shape, f"{tree.size(params)} numbers")
compare("dz", dz, gradcheck.numerical_gradient(
    lambda z: (dimages * stylegan2.forward(params, z, config)[0]).sum(), z, 1e-6), rtol=1e-5, atol=1e-7)
compare("the first map", grads["constant"], gradcheck.numerical_gradient(
    lambda constant: (dimages * stylegan2.forward({**params, "constant": constant}, z, config)[0]).sum(),
    params["constant"], 1e-6), rtol=1e-5, atol=1e-6)

# %% [markdown]
# Train it in HiT's place: `minihit train --generator stylegan2`.
