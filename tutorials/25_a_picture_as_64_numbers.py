# %% [markdown]
# # 25. A picture as 64 numbers
#
# A variational autoencoder (VAE) is two networks. The *encoder* looks at a picture and says of 64 numbers what they may
# be: a mean and a variance for each. One value is drawn for each, and the *decoder*, here HiT, makes the picture again
# from those 64. Because they are drawn, and because straying from N(0, 1) costs something, nearby numbers come to mean
# similar pictures, and numbers out of the blue mean pictures too. Two gradients are new, of a draw and of that cost; a
# convolution with a stride is the third. Read it beside `minihit/objectives/vae.py`. You need chapters 0 to 16, 22 and
# 23. It takes about nine seconds of processor time. With a file name it draws what it made, and with a number it trains
# for so many steps in the end instead of 120; 2000 take a minute, and then samples have hats and shirts:
#
#     python tutorials/25_a_picture_as_64_numbers.py [faces.png] [2000]

# %%
import functools
import math
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np

from minihit import autoencoding, gradcheck, tree
from minihit.data.dataset import BuiltInFaces
from minihit.layers import conv2d, residual_block, upsampling_conv2d
from minihit.metrics.psnr import psnr
from minihit.metrics.sliced_wasserstein import sliced_wasserstein
from minihit.models import discriminator, hit
from minihit.models.autoencoder import encoder
from minihit.models.autoencoder.config import EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.objectives import bottleneck, reconstruction, vae
from minihit.objectives.autoencoder_recipe import VaeRecipe
from minihit.objectives.feature_matching import feature_matching
from minihit.ops import blur, gaussian, laplacian_pyramid, leaky_relu, strided_conv2d, transposed_conv2d
from minihit.presets import VaePreset
from minihit.show.images import grid, to_float, to_uint8, upscale
from minihit.show.lesson import compare, picture
from minihit.training import state, step

SEED = 0
rng = np.random.default_rng(SEED)


# %% [markdown]
# ## A draw that has a gradient
#
# Everything behind z, decoder and loss, is some function f. The loss is the mean of f(z) over draws from
# N(mean, variance), and it must be differentiated by mean and variance. Take one number and f(z) = z^2, whose mean is
# known: mean^2 + variance. With log_v = log(variance), which unlike a variance may be any number, its derivatives are
# 2 mean by the mean and variance by log_v.
#
# Asked twice, a random generator gives different draws. So two calls differ by chance, and a finite difference divides
# that by its step of 1e-5. There is nothing to differentiate.

# %%
N = 100_000
mean, log_v = np.array(0.7), np.array(0.4)                 # () each; log_v is the logarithm of the variance
std, variance = np.exp(0.5 * log_v), np.exp(log_v)


def drawn_inside(mean):
    return (rng.normal(mean, std, N) ** 2).mean()


chance = gradcheck.numerical_gradient(drawn_inside, mean)
print(f"drawn anew at every call: {chance:.0f} instead of {2 * mean}")
assert abs(chance - 2 * mean) > 5

# %% [markdown]
# A draw from N(mean, variance) is mean + std * noise with noise from N(0, 1). Draw the noise *outside*, before anyone
# asks for a derivative: what is left is a line like any other. This is the reparametrisation.
#
#     z = mean + exp(log_v / 2) * noise          dz/dmean = 1          dz/dlog_v = exp(log_v / 2) * noise / 2

# %%
noise = rng.standard_normal(N)                             # (N,)


def drawn_outside(mean, log_v):
    return ((mean + np.exp(0.5 * log_v) * noise) ** 2).mean()


z = mean + std * noise                                     # (N,)
dz = 2.0 * z / N                                           # of the mean of z^2
dmean, dlog_v = dz.sum(), (dz * std * noise / 2).sum()     # all N used the one mean and log_v: gradients add up
compare("dmean, this noise held fixed", dmean,
        gradcheck.numerical_gradient(lambda mean: drawn_outside(mean, log_v), mean))
compare("dlog_v, this noise held fixed", dlog_v,
        gradcheck.numerical_gradient(lambda log_v: drawn_outside(mean, log_v), log_v))
print(f"and of the mean over all noise: {dmean:.3f} is nearly {2 * mean:.3f}, {dlog_v:.3f} nearly {variance:.3f}")
assert abs(dmean - 2 * mean) < 0.03
assert abs(dlog_v - variance) < 0.03

# %% [markdown]
# The gradient is exact for the noise at hand. And as noise is drawn from N(0, 1) whatever mean and variance are, the
# mean of such gradients is the gradient of the mean: one draw a picture and step will do, the average comes with the
# steps.
#
# *Question.* One of the 64 draws has noise 0. What does its log-variance learn from f in this step, and its mean?

# %%
some = np.array([0.0, 1.3, -0.4])
z, cache = gaussian.forward(np.full(3, 0.7), np.full(3, 0.4), some)       # the library's op, value by value
dmean, dlog_v = gaussian.backward(2.0 * z, cache)                         # f = sum z^2
print("dmean", dmean.round(2), " dlog_v", dlog_v.round(2), " for noise", some)
assert dlog_v[0] == 0.0                                                   # z = mean, whatever the variance
assert dmean[0] == 2 * 0.7
compare("dlog_v of the op", dlog_v, gradcheck.numerical_gradient(
    lambda log_v: (gaussian.forward(np.full(3, 0.7), log_v, some)[0] ** 2).sum(), np.full(3, 0.4)))

# %% [markdown]
# ## What a number costs
#
# The KL divergence says how far a distribution q is from another, p: the mean, over draws from q, of log q - log p. For
# q = N(mean, variance) and p = N(0, 1)
#
#     log q(z) = -(z - mean)^2 / (2 variance) - log(variance) / 2 - log(2 pi) / 2
#     log p(z) = -z^2 / 2                                         - log(2 pi) / 2
#
# and the mean of (z - mean)^2 is the variance, that of z^2 is mean^2 + variance. So no draw is needed:
#
#     KL         = (mean^2 + variance - 1 - log(variance)) / 2
#     dKL/dmean  = mean
#     dKL/dlog_v = (variance - 1) / 2                      since variance = exp(log_v) and log(variance) = log_v
#
# The gradient pulls every mean to 0 and every variance to 1, and there the KL is 0. Independent numbers have densities
# that multiply, logarithms that add, so the KL of 64 is a *sum*.


# %%
def kl(mean, log_v):
    """The KL of each number."""
    return (mean**2 + np.exp(log_v) - 1.0 - log_v) / 2


z = mean + std * noise
log_q = -((z - mean) ** 2) / (2 * variance) - log_v / 2
log_p = -(z**2) / 2
print(f"KL {kl(mean, log_v):.3f}, the mean of log q - log p over {N:,} draws {(log_q - log_p).mean():.3f}")
assert abs(kl(mean, log_v) - (log_q - log_p).mean()) < 0.01

means, log_vs = rng.standard_normal((2, 4, 64))            # (B, 64) each: 4 pictures of 64 numbers
value, dmeans, dlog_vs = bottleneck.kl(means, log_vs)
compare("a sum over numbers, a mean over pictures", value, kl(means, log_vs).sum() / 4)
compare("dmean", dmeans, means / 4)
compare("dlog_v", dlog_vs, (np.exp(log_vs) - 1.0) / 2 / 4)
compare("dmean", dmeans, gradcheck.numerical_gradient(lambda m: bottleneck.kl(m, log_vs)[0], means))
compare("dlog_v", dlog_vs, gradcheck.numerical_gradient(lambda log_v: bottleneck.kl(means, log_v)[0], log_vs))

# %% [markdown]
# The unit is a nat: a bit is log 2 = 0.69 nats.
#
# *Question.* The encoder knows a number to a hundredth: mean 0, deviation 0.01. It learns to know it to half a
# hundredth. What does that cost?

# %%
hundredth, half = (kl(0.0, 2 * math.log(deviation)) for deviation in (0.01, 0.005))
print(f"deviation 0.01: {hundredth:.3f} nats, 0.005: {half:.3f}, one bit more ({math.log(2):.3f})")
assert abs(half - hundredth - math.log(2)) < 1e-4          # -log(variance) / 2 = -log(deviation), and variance is tiny

# %% [markdown]
# ## Why sums
#
# Let the decoder say of every value of the picture (a pixel has three) that it is normal around what it drew, with
# deviation sigma. Then a picture has a probability density given z, p(picture | z), and minus its logarithm is
#
#     sum over values of (drawn - picture)^2 / (2 sigma^2) + log(sigma) + log(2 pi) / 2        nats per image
#
# a sum, as logarithms of independent things add up. How probable is the picture by itself? Let p(z) be N(0, 1) and q(z)
# whatever the encoder says of this picture. Then
#
#     log p(picture) = log mean of p(picture | z)                       over z from p
#                    = log mean of p(picture | z) p(z) / q(z)           over z from q: the same integral
#                   >= mean of log(p(picture | z) p(z) / q(z))          over z from q: a logarithm bends down (Jensen)
#                    = mean of log p(picture | z) - KL                  over z from q
#
# So reconstruction + KL is a bound from above on -log p(picture), if *both* are in nats per image. In a world of one
# number, where picture = z + sigma * noise, all of it is known: p(picture) = N(0, 1 + sigma^2). And the q with the
# least reconstruction + beta * KL is where both derivatives are zero:
#
#     (mean - picture) / sigma^2 + beta mean = 0                        mean = picture / (1 + beta sigma^2)
#     1 / (2 sigma^2) + beta (1 - 1 / variance) / 2 = 0                 variance = beta sigma^2 / (1 + beta sigma^2)

# %%
seen, sigma = 1.0, 0.5


def terms(mean, variance):
    """Reconstruction and KL, where the decoder draws z itself; the mean of (z - seen)^2 is known."""
    spread = ((seen - mean) ** 2 + variance) / (2 * sigma**2)
    return spread + math.log(sigma) + math.log(2 * math.pi) / 2, kl(mean, math.log(variance))


def best(beta):
    """Mean and variance of the q with the least reconstruction + beta * KL."""
    return seen / (1 + beta * sigma**2), beta * sigma**2 / (1 + beta * sigma**2)


exact = seen**2 / (2 * (1 + sigma**2)) + math.log(2 * math.pi * (1 + sigma**2)) / 2
print(f"-log p(picture) is {exact:.4f}; the bound with")
for name, q in {"q = N(0, 1)": (0.0, 1.0), "q nearly the picture": (1.0, 0.01), "the best q": best(1.0)}.items():
    print(f"  {name:<22} {terms(*q)[0]:7.4f} + {terms(*q)[1]:.4f} = {sum(terms(*q)):.4f}")
    assert sum(terms(*q)) >= exact - 1e-12
assert abs(sum(terms(*best(1.0))) - exact) < 1e-12         # the bound is tight

# %% [markdown]
# Now write both terms as means, as many do. A picture of S x S has 3 S^2 values and 64 numbers, so
#
#     sum / (3 S^2) + KL / 64 = (sum + 3 S^2 / 64 * KL) / (3 S^2)
#
# and who writes beta 1 trains beta 12 at 16 x 16, and another one at each size. Taking the mean of the pixels alone
# makes it 3 S^2. The larger beta, the less q dares to differ from N(0, 1): in the world of one number it says less and
# less of the picture, until nothing is left. That is *posterior collapse*, and it comes without any error message.

# %%
for side in (16, 64, 256):
    print(f"{side:>3} x {side:<3} two means: beta {3 * side**2 // 64:>5}, one mean: beta {3 * side**2:>7,}")
for beta in (0.1, 1, 12, 768):
    q = best(beta)
    print(f"beta {beta:<4} q = N({q[0]:.3f}, {q[1]:.3f}), KL {terms(*q)[1]:.6f}")
    for i, nudge in enumerate(np.eye(2)):                  # it is the least: either value, moved either way, is worse
        for way in (1e-3, -1e-3):
            other = terms(*(q + way * nudge))
            assert other[0] + beta * other[1] > terms(*q)[0] + beta * terms(*q)[1], i
assert terms(*best(768))[1] < 1e-4 < 0.3 < terms(*best(1))[1]

# %% [markdown]
# ## Sigma in closed form
#
# How large is sigma? With n values and S = sum of (drawn - picture)^2 the reconstruction is
#
#     S / (2 sigma^2) + n log(sigma) + ...         its slope by sigma: -S / sigma^3 + n / sigma = 0     sigma^2 = S / n
#
# so the best sigma^2 is the mean squared error and nobody needs to choose it. Nor is the gradient more work: at the
# best sigma a small change of sigma changes nothing, so it can be held fixed, and ddrawn = (drawn - picture) / sigma^2.

# %%
drawn, pictures = rng.standard_normal((2, 2, 4, 4, 3))     # (B, S, S, 3) each
square = ((drawn - pictures) ** 2).mean()
at = {share: reconstruction.gaussian_nll(drawn, pictures, share * math.sqrt(square))[0] for share in (0.9, 1.0, 1.1)}
print("nats per image with sigma at 0.9, 1 and 1.1 of the best:", *(f"{value:.2f}" for value in at.values()))
nats, ddrawn = reconstruction.gaussian_nll(drawn, pictures)    # without a sigma: the best one
assert min(at.values()) == at[1.0]
compare("nats per image at the best sigma", nats, at[1.0])
compare("ddrawn, sigma held fixed", ddrawn, (drawn - pictures) / square / len(drawn))    # a mean over pictures
compare("ddrawn, sigma found anew at each nudge", ddrawn, gradcheck.numerical_gradient(
    lambda drawn: reconstruction.gaussian_nll(drawn, pictures)[0], drawn))

# %% [markdown]
# *Question.* A paper writes its loss as sum of squares + 0.02 KL. Which sigma is that, if beta is 1?

# %%
sigma = 0.1                                                # S / (2 sigma^2) + KL = (S + 2 sigma^2 KL) / (2 sigma^2)
compare("sums of squares, up to a factor that training forgets", reconstruction.gaussian_nll(drawn, pictures, sigma)[1],
        2 * (drawn - pictures) / len(drawn) / (2 * sigma**2))
assert math.isclose(2 * sigma**2, 0.02)                    # so beta and sigma are one knob

# %% [markdown]
# ## Other differences
#
# Squares punish one large difference more than many small ones, and a blurred edge has only small ones. So there are
# others. Absolute differences have the sign for a slope; as a likelihood they are *Laplace's* noise, whose density is
# exp(-|difference| / scale) / (2 scale), and whose best scale is the mean absolute difference, by the same reasoning:
#
#     S / scale + n log(2 scale)         its slope by scale: -S / scale^2 + n / scale = 0         scale = S / n

# %%
size = np.abs(drawn - pictures).mean()
for name, (value, gradient), loss in [
    ("l1", reconstruction.l1(drawn, pictures), lambda x: abs(x - pictures).mean()),
    ("l2", reconstruction.l2(drawn, pictures), lambda x: ((x - pictures) ** 2).mean()),
    ("laplace_nll", reconstruction.laplace_nll(drawn, pictures, 0.3),
     lambda x: (abs(x - pictures) / 0.3 + math.log(0.6)).sum() / len(x)),
    ("laplace_nll, the best scale", reconstruction.laplace_nll(drawn, pictures),
     lambda x: (np.log(2 * abs(x - pictures).mean()) + 1.0) * x[0].size),
]:
    compare(name, value, loss(drawn))
    compare(f"{name}: gradient", gradient, gradcheck.numerical_gradient(loss, drawn))
compare("the sign, over scale and pictures", reconstruction.laplace_nll(drawn, pictures)[1],
        np.sign(drawn - pictures) / size / len(drawn))

# %% [markdown]
# A *Laplacian pyramid* writes a picture as details of halving size: what a blurred, halved and enlarged copy does not
# say of it, the same of the halved copy, and in the end the smallest copy itself. Taking absolute differences level by
# level, each with the same weight, counts shapes as much as texture. The blur is [1 4 6 4 1] / 16 along both axes, the
# picture mirrored at its border. All of it is linear, so chapter 12's equation tells whether a backward is right: <A x,
# y> = <x, A^T y>. (Mirroring makes the transpose of the blur a little special: a border pixel is seen once by its
# neighbours, an inner one twice, from both sides of the mirror. So A^T is the blur with the border doubled before it
# and halved after it.)

# %%
image = rng.standard_normal((2, 9, 8, 3))
blurred, _ = blur.forward(image)
dblurred = rng.standard_normal(blurred.shape)
taps, mirrored = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16, np.pad(image, ((0, 0), (2, 2), (2, 2), (0, 0)), "reflect")
compare("blur", blurred, sum(taps[i] * taps[j] * mirrored[:, i:i + 9, j:j + 8] for i in range(5) for j in range(5)))
compare("its transpose", (image * blur.backward(dblurred, {})).sum(), (blurred * dblurred).sum())
levels, cache = laplacian_pyramid.forward(image, smallest=2)
dlevels = [rng.standard_normal(level.shape) for level in levels]
print("levels of the pyramid:", [level.shape[1:3] for level in levels])
compare("the pyramid's transpose", (image * laplacian_pyramid.backward(dlevels, cache)).sum(),
        sum((level * dlevel).sum() for level, dlevel in zip(levels, dlevels, strict=True)))
rebuilt = levels[-1]
for level in reversed(levels[:-1]):
    rebuilt = level + laplacian_pyramid.enlarged(rebuilt, level.shape)
compare("level by level enlarged and added: the picture", rebuilt, image)
value, gradient = reconstruction.pyramid_l1(drawn, pictures, smallest=2)
differences, _ = laplacian_pyramid.forward(drawn - pictures, smallest=2)
compare("pyramid_l1", value, np.mean([abs(level).mean() for level in differences]))
compare("pyramid_l1: gradient", gradient, gradcheck.numerical_gradient(
    lambda drawn: reconstruction.pyramid_l1(drawn, pictures, smallest=2)[0], drawn))

# %% [markdown]
# And a discriminator (chapter 16) can be asked how far apart it finds two pictures: the mean squared difference of the
# maps that its blocks read, *feature matching*. The maps of the original are held fixed; the gradient of the others
# goes down through D like any other.

# %%
judge = DiscriminatorConfig(channels=(4, 6, 5))
judging = gradcheck.perturb(discriminator.init(rng, judge), rng)
pair = rng.standard_normal((2, 1, 16, 16, 3))
caches = [discriminator.forward(judging, x, judge)[1] for x in pair]
target, maps = (discriminator.features(cache) for cache in caches)
value, dmaps = feature_matching(target, maps)
compare("feature_matching", value, np.mean([((a - b) ** 2).mean() for a, b in zip(target, maps, strict=True)]))
for number, (dmap, ours, theirs) in enumerate(zip(dmaps, target, maps, strict=True)):
    compare(f"its gradient by map {number}", dmap, 2 * (theirs - ours) / theirs.size / len(maps))
direction = rng.standard_normal(pair[1].shape)
dimage, _ = discriminator.input_gradient(np.zeros(1), caches[1], dfeatures=dmaps)
compare("and by the picture", (dimage * direction).sum(), gradcheck.directional_derivative(
    lambda x: feature_matching(target, discriminator.features(discriminator.forward(judging, x, judge)[1]))[0],
    pair[1], direction, 1e-6))

# %% [markdown]
# ## A convolution that halves the picture
#
# The encoder is as small as networks come: convolutions with stride 2, leaky ReLUs, a residual block (its input plus
# what two more convolutions make of it), a linear layer. New is the stride. A kernel of 4 x 4 moves over the picture
# two pixels at a time,
#
#     y[i, j]       = sum over a, b of x[2 i + a - 1, 2 j + b - 1] * weight[a, b]            x is zero outside
#     dweight[a, b] = sum over i, j of x[2 i + a - 1, 2 j + b - 1] * dy[i, j]                all y's used the weight
#
# It is linear, so for one channel it is a matrix, y = A x, with all pixels in one long vector; a column of A is what
# one lit pixel becomes. Then dx = A^T dy: a pixel collects from each y that read it, by the weight with which it was
# read.

# %%
SIDE = 8
weight = rng.standard_normal((4, 4, 1, 1))
lit = np.eye(SIDE * SIDE).reshape(-1, SIDE, SIDE, 1)       # (64, 8, 8, 1): one pixel lit in each
A = strided_conv2d.forward(lit, weight)[0].reshape(len(lit), -1).T        # (16, 64)
looped = np.zeros((SIDE // 2, SIDE // 2, SIDE, SIDE))
for i, j, a, b in np.ndindex(SIDE // 2, SIDE // 2, 4, 4):
    row, column = 2 * i + a - 1, 2 * j + b - 1
    if 0 <= row < SIDE and 0 <= column < SIDE:
        looped[i, j, row, column] = weight[a, b, 0, 0]
compare("A, lit pixel by lit pixel", A, looped.reshape(A.shape))


def art(row):
    side = math.isqrt(len(row))
    return [" ".join("#" if value else "." for value in line).ljust(2 * SIDE) for line in row.reshape(side, side)]


print("the pixels that y[1, 1] reads (a row of A), and the y's that pixel [2, 2] goes to (a column):")
for left, right in zip(art(A[5]), art(A[:, 18]) + [""] * (SIDE // 2), strict=True):
    print(f"  {left}   {right}".rstrip())

x, dy = rng.standard_normal((1, SIDE, SIDE, 1)), rng.standard_normal((1, SIDE // 2, SIDE // 2, 1))
y, cache = strided_conv2d.forward(x, weight)
dx, dweight = strided_conv2d.backward(dy, cache)
compare("forward is A", y.ravel(), A @ x.ravel())
compare("backward is A^T", dx.ravel(), A.T @ dy.ravel())
compare("dweight", dweight, gradcheck.numerical_gradient(
    lambda weight: (dy * strided_conv2d.forward(x, weight)[0]).sum(), weight))

# %% [markdown]
# A convolutional decoder needs the opposite, a layer that doubles the sides, and A^T is one: 16 numbers in, 64 out.
# That is all that the "transposed convolution" is: the same kernel, with forward and backward exchanged.
#
# *Question.* What then is the backward of the transposed convolution?

# %%
params = {"weight": weight, "bias": np.zeros(1)}
doubled, cache = upsampling_conv2d.forward(params, dy)     # (1, 4, 4, 1) -> (1, 8, 8, 1)
compare("the upsampling convolution is A^T", doubled.ravel(), A.T @ dy.ravel())
compare("painted pixel by pixel, cut to size, by transposed_conv2d",
        transposed_conv2d.forward(dy, weight[::-1, ::-1])[0][:, 1:-1, 1:-1], doubled)
compare("its backward is A, the strided convolution", upsampling_conv2d.backward(x, cache)[0].ravel(), A @ x.ravel())
compare("for any x and y: <A x, y> = <x, A^T y>", (y * dy).sum(), (x * doubled).sum())

# %% [markdown]
# The residual block of the encoder is chapter 3's skip around two convolutions, narrower inside than outside: y = x +
# conv1x1(leaky(conv3x3(leaky(x)))).

# %%
params = gradcheck.perturb(residual_block.init(rng, 4, 2), rng)
x = rng.standard_normal((1, 4, 4, 4))
y, cache = residual_block.forward(params, x)
h, relu1 = leaky_relu.forward(x)
h, conv1 = conv2d.forward(params["conv1"], h)
h, relu2 = leaky_relu.forward(h)
h, conv2 = conv2d.forward(params["conv2"], h)
compare("residual_block", y, x + h)
dy = rng.standard_normal(y.shape)
dh = leaky_relu.backward(conv2d.backward(dy, conv2)[0], relu2)
compare("its dx", residual_block.backward(dy, cache)[0],
        dy + leaky_relu.backward(conv2d.backward(dh, conv1)[0], relu1))

# %% [markdown]
# ## The step
#
# The encoder halves 16 x 16 twice and gives 128 numbers, 64 means and 64 log-variances. HiT takes the 64 that are drawn
# as it takes the random z of chapter 23, for its first map and its 16 tokens. The step is those two networks with the
# draw between them, and its backward the same lines read upwards.

# %%
LATENT, BATCH = 64, 16
preset = VaePreset(
    EncoderConfig(size=16, channels=(16, 32), out=2 * LATENT, blocks=1, spatial=False),
    GeneratorConfig(latent=LATENT, channels=(32, 16), layers=(1, 1), heads=(4, 4), windows=(4, None), norm="layer"),
    DiscriminatorConfig(channels=(4, 4, 4)),                              # idle: the recipe has no adversarial term
    VaeRecipe(batch=BATCH, rate=3e-3, pixels="l2", ema_decay=0.95),       # no sigma: the best one
)
data = BuiltInFaces(preset.size, SEED)
networks = tree.map(np.float64, state.create(SEED, preset).networks)
for name in networks:
    networks[name]["params"] = tree.map(lambda leaf: leaf + 0.02 * rng.standard_normal(leaf.shape),
                                        networks[name]["params"])         # biases are not zero
    print(f"{name}: {tree.size(networks[name]['params']):,} parameters")


def by_hand(networks, images, noise, beta):
    """The loss, the encoder's gradients and the decoder's."""
    statistics, e_cache = encoder.forward(networks["encoder"]["params"], images, preset.encoder)     # (B, 128)
    mean, log_v = statistics[:, :LATENT], statistics[:, LATENT:]
    z, z_cache = gaussian.forward(mean, log_v, noise)                     # (B, 64)
    drawn, d_cache = hit.forward(networks["decoder"]["params"], z, preset.decoder)                   # (B, 16, 16, 3)
    nats, ddrawn = reconstruction.gaussian_nll(drawn, images)
    kl, dmean_kl, dlog_v_kl = bottleneck.kl(mean, log_v)

    dz, d_grads = hit.backward(ddrawn, d_cache)
    dmean, dlog_v = gaussian.backward(dz, z_cache)
    dmean, dlog_v = dmean + beta * dmean_kl, dlog_v + beta * dlog_v_kl    # each is read twice, by z and by the KL
    dstatistics = np.concatenate([dmean, dlog_v], axis=1)                 # (B, 128)
    _, e_grads = encoder.backward(dstatistics, e_cache)
    return nats + beta * kl, {"encoder": e_grads, "decoder": d_grads}


images = to_float(data.take(0, 2)).astype(np.float64)
noise = rng.standard_normal((2, LATENT))
_, grads = by_hand(networks, images, noise, beta=1.0)
library, _, metrics = vae.gradients(networks, images, {"noise": noise}, preset)
for name in grads:
    tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), grads[name], library[name])
print("by hand = vae.gradients;", {name: round(float(value), 1) for name, value in metrics.items()})

# %% [markdown]
# And the whole of it against finite differences, along one random direction through all of the encoder's parameters:
# through the convolutions, the draw, HiT, the sigma that adapts, and the KL.

# %%
params = networks["encoder"]["params"]
flat, _ = tree.pack(params, np)
direction = rng.standard_normal(flat.shape)


def loss(flat):
    moved = {**networks["encoder"], "params": tree.views(flat, params)}
    return by_hand({**networks, "encoder": moved}, images, noise, beta=1.0)[0]


slope = gradcheck.directional_derivative(loss, flat, direction, 1e-7)     # short: a leaky ReLU may bend within a step
by_backward = tree.gather(grads["encoder"], params, np.empty_like(flat)) @ direction
print(f"the encoder's gradient along a direction: {by_backward:.4f} by hand, {slope:.4f} by differences")
assert abs(by_backward / slope - 1) < 1e-5

# %% [markdown]
# ## What beta does
#
# Four short trainings that differ in nothing but beta: next to none, 1, and the 12 and 768 that two means or one would
# have made of 1. Each is measured on faces that were never trained on. What the decoder makes of numbers out of N(0, 1)
# are *samples*; their distance from faces is that of chapter 23. (A density may exceed 1, so nats may be negative; what
# counts is which are fewer.)

# %%
STEPS, BETAS = 50, (0.01, 1.0, 12.0, 768.0)
held_out = data.held_out(64)                               # uint8 (64, 16, 16, 3)
noise, random_z = np.random.default_rng(SEED).standard_normal((2, len(held_out), LATENT), dtype=np.float32)


@functools.cache                                           # the trainings see the same faces
def batch(number):
    return to_float(data.take((number - 1) * BATCH, BATCH))               # (B, 16, 16, 3)


def learn(training, preset, numbers):
    for number in numbers:
        draws = vae.draw(np.random.default_rng([SEED, number]), BATCH, preset, number)
        grads, averages, _ = step.gradients(training.networks, batch(number), draws, preset)
        state.apply(training, grads, averages, number, preset)


def look(training, name):
    """Print what the moving average of the weights makes of held-out faces and of random numbers; returns it."""
    networks, originals = training.trees["ema"], to_float(held_out)
    mean, facts = autoencoding.encode(networks, originals, preset)        # (64, 64)
    log_v = facts["log_variance"]
    drawn, rebuilt, sampled = (autoencoding.decode(networks, z, preset)
                               for z in (mean + np.exp(0.5 * log_v) * noise, mean, random_z))
    pixels = float(reconstruction.gaussian_nll(drawn, originals)[0])
    nats = kl(mean.astype(np.float64), log_v).mean(axis=0)                # (64,): of each number
    decibels = psnr(to_uint8(rebuilt), held_out).mean()
    distance = sliced_wasserstein(originals, sampled, np.random.default_rng(SEED))["average"]
    print(f"{name:<11}{pixels:>7.0f}{nats.sum():>7.1f}{pixels + nats.sum():>7.0f}{decibels:>9.1f} dB{distance:>12.0f}")
    return {"bound": pixels + nats.sum(), "nats": nats, "psnr": decibels, "mean": mean, "rebuilt": rebuilt,
            "sampled": sampled}


training, found = {}, {}
print("            pixels     KL    sum        PSNR     samples from faces")
for beta in BETAS:
    here = replace(preset, recipe=replace(preset.recipe, beta=beta))
    training[beta] = state.create(SEED, here)
    learn(training[beta], here, range(1, STEPS + 1))
    found[beta] = look(training[beta], f"beta {beta:g}")
for less, more in pairwise(BETAS):
    assert found[less]["nats"].sum() > found[more]["nats"].sum()
assert found[1.0]["psnr"] > found[12.0]["psnr"] > found[768.0]["psnr"]

# %% [markdown]
# With hardly any beta the numbers say much, but the pictures lie where N(0, 1) hardly ever goes, and what comes from
# there is far from faces. With 768 nothing is said and every picture is the mean face.
#
# *Question.* Which beta has the least sum, whatever its reconstructions look like?

# %%
sums = {beta: facts["bound"] for beta, facts in found.items()}
print("pixels + KL:", {beta: round(value) for beta, value in sums.items()})
assert min(sums, key=sums.get) == 1.0                      # the sum is what beta 1, and no other, trains

# %% [markdown]
# ## Number by number
#
# The KL is a sum over 64 numbers, so each can be asked what it says. One with mean 0 and variance 1 for every picture
# says nothing: it has collapsed, and the decoder does well not to listen to it. `minihit train` logs this list.

# %%
print("nats of a number: the most, every ninth, the least")
for beta, facts in found.items():
    nats = np.sort(facts["nats"])[::-1]
    print(f"beta {beta:<6g}", *(f"{value:6.3f}" for value in nats[::9]), f"  {(nats < 0.01).sum():>2} below 0.01")
assert (found[1.0]["nats"] > 0.01).all()
assert (found[768.0]["nats"] < 0.01).all()

# %% [markdown]
# ## On with beta 1
#
# The same training goes on, and then the encoder is asked for the numbers of two faces and the decoder for the pictures
# on the line between them. A cross-fade would show both faces at once in the middle; this is another picture.

# %%
ONWARDS = max([120, *(int(word) for word in sys.argv[1:] if word.isdecimal())])
learn(training[1.0], preset, range(STEPS + 1, ONWARDS + 1))
last = look(training[1.0], f"{ONWARDS} steps")
assert last["bound"] < found[1.0]["bound"]

FROM, TO, FRAMES = 3, 2, 11
way = np.linspace(0, 1, FRAMES, dtype=np.float32)[:, None]                # (frames, 1)
walk = autoencoding.decode(training[1.0].trees["ema"], (1 - way) * last["mean"][FROM] + way * last["mean"][TO], preset)


def apart(a, b):
    """The root mean square of the difference of images (..., S, S, 3)."""
    return np.sqrt(((a - b) ** 2).mean(axis=(-3, -2, -1)))


whole, leaps = apart(walk[0], walk[-1]), apart(walk[1:], walk[:-1])
faded = apart(walk[FRAMES // 2], (walk[0] + walk[-1]) / 2)
print("the walk's steps as shares of the whole way:", (leaps / whole).round(2))
print(f"its middle differs from a cross-fade by {faded / whole:.2f} of it")
assert leaps.max() < 0.3 * whole
assert faded > 0.05 * whole


# %%
def strip(images):
    return grid(upscale(images if images.dtype == np.uint8 else to_uint8(images), 4), columns=len(images), gap=3)


COUNT = 10
runs = {**{f"beta {beta:g}": facts for beta, facts in found.items()}, f"beta 1, {ONWARDS} steps": last}
rows = [["originals", "nats"], *([f"{name}: rebuilt", f"{name}: samples"] for name in runs), ["walk", "walk"]]
with picture(13, 8.4) as drawn:
    axes = drawn.subplot_mosaic(rows, height_ratios=[1.25] + [1] * len(runs) + [1.6])
    pictures = {"originals": strip(held_out[:COUNT]), "walk": strip(np.concatenate(
        [to_float(held_out[[FROM]]), walk, to_float(held_out[[TO]])]))}
    for name, facts in runs.items():
        pictures[f"{name}: rebuilt"] = strip(facts["rebuilt"][:COUNT])
        pictures[f"{name}: samples"] = strip(facts["sampled"][:COUNT])
    for name, shown in pictures.items():
        axes[name].imshow(shown, interpolation="nearest")
        axes[name].set_axis_off()
        axes[name].set_title(name, loc="left", fontsize=9)
    axes["walk"].set_title("a face, the walk from its numbers to those of another, and that face", loc="left",
                           fontsize=9)
    for beta, facts in found.items():
        axes["nats"].semilogy(np.sort(facts["nats"])[::-1], label=f"beta {beta:g}")
    axes["nats"].set_title("nats of each number, sorted", loc="left", fontsize=9)
    axes["nats"].legend(fontsize=7)
    axes["nats"].tick_params(labelsize=7)

# %% [markdown]
# ## Exercise
#
# Write the draw and the KL, both with their gradients, in `tutorials/exercises/25_a_picture_as_64_numbers.py`.
#
#     minihit learn check 25
