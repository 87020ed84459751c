# %% [markdown]
# # 20. When images talk
#
# A generator that draws the same good face for every z deceives a discriminator that looks at one image at a time. So
# let it look at several: *minibatch standard deviation* tells every image how much its companions differ. It costs what
# chapters 18 and 19 lived on, both halves: images talk, and the network bends. This is what it takes. You need chapters
# 0 to 3 and 16 to 19.

# %%
import numpy as np

from minihit import gradcheck, tree
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.objectives import losses, penalties
from minihit.ops import minibatch_stddev
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# Two images of one pixel, 3 and 7. Their mean is 5, their *standard deviation*, the root of the mean square around it,
# is 2. Nudge the first one up by t: it becomes 2 - t/2. The second up: 2 + t/2. Each pixel's slope is its own distance
# from the mean, over (2 images * the deviation): -2 / (2 * 2) and 2 / (2 * 2). And both images are told the same
# number, so whoever moves image 0 moves both logits.


# %%
def deviation(x):
    """Over the first axis."""
    return np.sqrt(((x - x.mean(axis=0)) ** 2).mean(axis=0))


pair = np.array([3.0, 7.0])
print("deviation", deviation(pair), " slopes", gradcheck.numerical_gradient(lambda x: deviation(x), pair).round(6))
compare("the slopes", (pair - 5.0) / (2 * 2.0), np.array([-0.5, 0.5]))

# %% [markdown]
# ## The layer
#
# Images are cut into groups of S = 4 (or all, if there are fewer); image b is in group b mod (B / S). In each group,
# the deviation of every pixel and channel is taken over its S images, then the mean of all of these: one number. Every
# image of the group gets it as one more channel, the same at all pixels. A tiny EPS under the root keeps it from
# dividing by zero.

# %%
B, H, W, C, EPS = 8, 2, 3, 4, minibatch_stddev.EPS
S, GROUPS = 4, 2
x = rng.standard_normal((B, H, W, C)) * np.linspace(0.5, 2.0, B).reshape(B, 1, 1, 1)
y = np.concatenate([x, np.zeros((B, H, W, 1))], axis=-1)
for group in range(GROUPS):
    members = [b for b in range(B) if b % GROUPS == group]
    y[members, :, :, C] = np.sqrt(x[members].var(axis=0) + EPS).mean()
found, cache = minibatch_stddev.forward(x)
compare("minibatch_stddev", found, y)
print("the new channel of the 8 images:", y[:, 0, 0, C].round(3))

# %% [markdown]
# ## Its backward
#
# Channels that pass by send back dy as it is. The new channel of a group is one number, copied to S images and H W
# pixels, so its gradient is the sum of all these dy. It is a mean over H W C deviations: each gets 1 / (H W C) of it.
# And with centered = x - mean over the group,
#
#     std = (mean over the group of centered^2 + EPS)^(1/2)            dcentered = dstd * centered / (S * std)
#
# x feeds centered and, through the mean, the centered of all others: dx = dcentered - mean of dcentered over the group.
# But centered adds up to zero over the group, and so does dcentered, whose factor is the same for all: the mean's part
# is zero.

# %%
grouped = x.reshape(S, GROUPS, H, W, C)                                   # image b = s * GROUPS + group
centered = grouped - grouped.mean(axis=0)
std = np.sqrt((centered**2).mean(axis=0) + EPS)                           # (GROUPS, H, W, C)
dy = rng.standard_normal(y.shape)
dstatistic = dy[..., C].reshape(S, GROUPS, H * W).sum(axis=(0, 2))        # (GROUPS,)
dstd = dstatistic.reshape(GROUPS, 1, 1, 1) / (H * W * C)
dx = dy[..., :C] + (dstd * centered / (S * std)).reshape(x.shape)
compare("dx", dx, gradcheck.numerical_gradient(lambda x: (dy * minibatch_stddev.forward(x)[0]).sum(), x))
compare("minibatch_stddev.backward", minibatch_stddev.backward(dy, cache), dx)

# %% [markdown]
# ## Its tangent
#
# How does the number move when x moves along t_x? The same chain, forwards: t_centered = t_x - its mean over the group,
# the variance moves by 2 * covariance, covariance = mean of centered * t_centered, and a root by that over twice the
# root:
#
#     t_std = covariance / std

# %%
t_x = rng.standard_normal(x.shape)
t_grouped = t_x.reshape(grouped.shape)
t_centered = t_grouped - t_grouped.mean(axis=0)
covariance = (centered * t_centered).mean(axis=0)
t_statistic = (covariance / std).mean(axis=(1, 2, 3))                     # (GROUPS,)
t_y, t_cache = minibatch_stddev.tangent(t_x, cache)
compare("the tangent of the new channel", t_y[:, 0, 0, C], np.tile(t_statistic, S))
compare("the tangent by nudges", t_y, gradcheck.directional_derivative(
    lambda x: minibatch_stddev.forward(x)[0], x, t_x))

# %% [markdown]
# ## It bends
#
# In chapter 19 the tangent depended on the weights alone; slopes were fixed numbers. This tangent depends on x: through
# covariance, and through std. So the gradient of a penalty gets one term more, the gradient of t_std by x with t_x held
# fixed. By the rule for quotients, with dt_std for the gradient at t_std,
#
#     t_std = covariance / std
#     dcentered = dt_std * (t_centered / (S std)  -  covariance / std^2 * centered / (S std))
#
# Again both parts add up to zero over the group, so dx = dcentered.

# %%
dt_y = rng.standard_normal(t_y.shape)
dt_statistic = dt_y[..., C].reshape(S, GROUPS, H * W).sum(axis=(0, 2))
dt_std = dt_statistic.reshape(GROUPS, 1, 1, 1) / (H * W * C)
bent = dt_std / S * (t_centered / std - covariance * centered / std**3)
compare("the second derivative", bent.reshape(x.shape), gradcheck.numerical_gradient(
    lambda x: (dt_y * minibatch_stddev.tangent(t_x, minibatch_stddev.forward(x)[1])[0]).sum(), x))
compare("minibatch_stddev.tangent_backward", minibatch_stddev.tangent_backward(dt_y, cache, t_cache),
        bent.reshape(x.shape))

# %% [markdown]
# ## What breaks, and how it is mended
#
# `discriminator` has this layer as an option. With it, the pass that starts with ones finds the gradient of the *sum*
# of all logits by each image; nobody can scale its rows. Look at the table of |d logit_i / d image_j|: without the
# layer it is diagonal, with it, full.

# %%
alone, together = DiscriminatorConfig((4, 6, 5)), DiscriminatorConfig((4, 6, 5), minibatch_stddev=True)
real = rng.standard_normal((4, 16, 16, 3)) * np.reshape([0.2, 1.0, 2.0, 3.0], (4, 1, 1, 1))   # contrasts that differ


def coupling(config):
    params = gradcheck.perturb(discriminator.init(np.random.default_rng(0), config), np.random.default_rng(1))
    _, cache = discriminator.forward(params, real, config)
    gradients = [discriminator.backward(one, cache)[0] for one in np.eye(4)]
    return np.stack([np.sqrt((gradient**2).sum(axis=(1, 2, 3))) for gradient in gradients])


tables = {"D looks at each image alone": coupling(alone), "with minibatch stddev": coupling(together)}
off = [table[~np.eye(4, dtype=bool)] for table in tables.values()]
assert (off[0] == 0).all()
assert (off[1] > 0).all()
with picture(8, 3.6) as drawn:
    for axes, (title, table) in zip(drawn.subplots(1, 2), tables.items(), strict=True):
        seen = axes.imshow(np.log10(np.maximum(table / table.max(), 1e-4)), cmap="magma", vmin=-4, vmax=0)
        axes.set(title=title, xlabel="image j", ylabel="logit i", xticks=range(4), yticks=range(4))
    drawn.colorbar(seen, ax=axes, label="log10 |d logit / d image|")

# %% [markdown]
# So the loss takes a backward pass of its own, with its own seeds. And R1: its gradient is that of sum(v * g), v held
# fixed, which is the tangent of the sum of logits along v, as before. Below the bending layer, what the second
# derivative sends back joins the backward pass of the loss. `discriminator.loss_gradients` does all of this; without
# the layer it is chapter 19's. (Nudges are short here: where a leaky ReLU changes sides the gradient jumps, and R1 with
# it.)

# %%
params = gradcheck.perturb(discriminator.init(rng, together), rng, 0.2)
COST = 10.0


def flat(arrays):
    return tree.gather(arrays, params, np.empty(tree.size(params)))


def loss_of(numbers):
    return losses.real_loss(discriminator.forward(tree.views(numbers, params), real, together)[0])[0]


def r1_of(numbers):
    _, cache = discriminator.forward(tree.views(numbers, params), real, together)
    return penalties.r1(discriminator.logit_gradients(cache)[0], COST)[0]


logits, cache = discriminator.forward(params, real, together)
of_logits = discriminator.logit_gradients(cache)                          # of the sum of all logits: rows are mixed
_, seeds = losses.real_loss(logits)
_, v = penalties.r1(of_logits[0], COST)
t_cache = discriminator.tangent(v, cache)[1]
direction = rng.standard_normal(tree.size(params))
for what, loss, wrong, right in [
    ("the loss", loss_of, discriminator.weight_gradient(of_logits[1], cache, seeds),
     discriminator.loss_gradients(seeds, cache, of_logits)),
    ("R1", r1_of, discriminator.weight_gradient(of_logits[1], cache, 0.0 * seeds, t_cache),
     discriminator.loss_gradients(0.0 * seeds, cache, of_logits, v)),
]:
    slope = gradcheck.directional_derivative(loss, flat(params), direction, 1e-7)
    off = abs(flat(wrong) @ direction / slope - 1.0)
    print(f"  {what}: scaled rows and a straight tangent are off by {off:.1%}")
    assert off > 1e-4
    compare(f"{what}: discriminator.loss_gradients, over the slope", flat(right) @ direction / slope, 1.0, rtol=1e-5)

# %% [markdown]
# ## Another penalty: WGAN-GP
#
# R1 wants flat places at real images. Gulrajani et al. (2017) want slope 1 at mixtures of real and drawn images, mean
# of (|g_b| - 1)^2. Only step 2 of chapter 19 changes, the derivative of the penalty by g:
#
#     d|g| = g . dg / |g|            v_b = cost / B * 2 (|g_b| - 1) g_b / |g_b|
#
# and tangent and product are as before. In the library it is `penalties.wgan_gp`.

# %%
params = gradcheck.perturb(discriminator.init(rng, alone), rng)
drawn_images = rng.standard_normal(real.shape)
mixtures = drawn_images + rng.random((4, 1, 1, 1)) * (real - drawn_images)
_, cache = discriminator.forward(params, mixtures, alone)
of_logits = discriminator.logit_gradients(cache)
lengths = np.sqrt((of_logits[0] ** 2).sum(axis=(1, 2, 3), keepdims=True))
penalty, v = penalties.wgan_gp(of_logits[0], COST)
compare("wgan_gp", penalty, COST * ((lengths - 1.0) ** 2).mean())
compare("its gradient by g", v, COST / 4 * 2.0 * (lengths - 1.0) * of_logits[0] / lengths)
small = rng.standard_normal((2, 2, 2, 1))
compare("by nudges", penalties.wgan_gp(small, COST)[1], gradcheck.numerical_gradient(
    lambda g: penalties.wgan_gp(g, COST)[0], small))
grads = discriminator.loss_gradients(np.zeros(4), cache, of_logits, v)
direction = rng.standard_normal(tree.size(params))


def wgan_gp_of(numbers):
    _, cache = discriminator.forward(tree.views(numbers, params), mixtures, alone)
    return penalties.wgan_gp(discriminator.logit_gradients(cache)[0], COST)[0]


slope = gradcheck.directional_derivative(wgan_gp_of, flat(params), direction, 1e-7)
compare("by the weights, over the slope", flat(grads) @ direction / slope, 1.0, rtol=1e-5)

# %% [markdown]
# *Question.* A gradient of length 0 has no direction, and |g| a kink there: the library adds 10^-12 under the root.
#
# ## Exercise
#
# Write the backward pass of minibatch stddev, its tangent, and the gradient of that:
# `tutorials/exercises/20_when_images_talk.py`.
#
#     minihit learn check 20
