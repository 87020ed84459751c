# %% [markdown]
# # 18. One backward for all losses
#
# Drawn images have two losses: G's, whose gradient is wanted by the images, and D's, wanted by D's weights. Two losses,
# two backward passes through D, one would think; a tape of operations, which is what deep-learning frameworks keep,
# makes two. But D looks at one image at a time, and so one pass is enough for both, and for every other loss as well.
# You need chapters 0 to 3, and 12 to 17.

# %%
from itertools import pairwise

import numpy as np

from minihit import gradcheck, tree
from minihit.data.dataset import BuiltInFaces
from minihit.layers import linear
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.objectives import losses
from minihit.show.images import to_float, to_uint8
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# Three images have the logits [2, 0, -1], and image 0's logit has the gradient g_0 by its own pixels. A loss has the
# seeds dloss/dlogit = [0.1, -0.3, 0.2]. What is the loss's gradient by the pixels of image 0? No other logit depends on
# them, so it is 0.1 g_0. And for another loss with seed -0.5 there? -0.5 g_0. The g_0 is the same: whoever knows it
# needs no further backward pass.
#
# ## A discriminator in four lines
#
# Linear layers without biases, leaky ReLUs between them; images are rows. Each leaky ReLU multiplies by its slope, 1 or
# 0.2. At the output of every linear layer a backward pass has a gradient: that layer's *delta*.

# %%
B, DEPTH = 6, 5
SIDES = [7, *[4] * (DEPTH - 1), 1]
weights = [0.75 * rng.standard_normal(shape) for shape in pairwise(SIDES)]
images = rng.standard_normal((B, SIDES[0]))


def forward(weights, images):
    """logits (B,), the input of every layer, the slopes of every leaky ReLU."""
    xs, slopes = [images], []
    for weight in weights[:-1]:
        h = xs[-1] @ weight
        slopes.append(np.where(h > 0, 1.0, 0.2))
        xs.append(h * slopes[-1])
    return (xs[-1] @ weights[-1])[:, 0], xs, slopes


def backward(seeds, weights, slopes):
    """The gradient of sum_b seeds_b logit_b by the images, and by the output of every layer, the deltas."""
    deltas = [seeds[:, None]]
    for weight, slope in zip(weights[:0:-1], slopes[::-1], strict=True):
        deltas.insert(0, deltas[0] @ weight.T * slope)
    return deltas[0] @ weights[0].T, deltas


# %% [markdown]
# ## Start with ones
#
# A backward pass that starts with seeds of one finds the gradient of logit_0 + ... + logit_5. Since logit_b depends on
# image b alone, row b of it, and row b of every delta, is the gradient of logit_b *itself*, unmixed: *unit* gradients.
# By loops, a pass for each image alone:

# %%
logits, xs, slopes = forward(weights, images)
unit, deltas = backward(np.ones(B), weights, slopes)       # unit (B, 7): each image's gradient of its own logit
for b in range(B):
    compare(f"row {b} by a pass of its own", unit[b], backward(np.eye(B)[b], weights, slopes)[0][b])
compare("row 0 by nudges", unit[0], gradcheck.numerical_gradient(
    lambda image: forward(weights, np.vstack([image, images[1:]]))[0][0], images[0]))

# %% [markdown]
# ## Scale the rows
#
# Backward is linear in its seeds: twice the seed, twice the row. So a loss with seeds s has s_b unit_b by the images
# and s_b delta_b at every layer. And the weights' gradient, chapter 1's x^T dy with dy = s * delta:
#
#     dimages  =  s * unit                     row by row
#     dweight  =  x^T (s * delta)  =  (s * x)^T delta
#
# The scale may stand on either factor of the product. G's loss and D's loss, from the same pass:

# %%
_, g_seeds = losses.generator_loss(logits)                 # of mean softplus(-logit), for the generator
compare("the image gradient of G's loss", g_seeds[:, None] * unit, backward(g_seeds, weights, slopes)[0])
compare("by nudges", g_seeds[:, None] * unit, gradcheck.numerical_gradient(
    lambda images: losses.generator_loss(forward(weights, images)[0])[0], images))
_, d_seeds = losses.fake_loss(logits)                      # of mean softplus(logit), for the discriminator
for layer in range(DEPTH):
    dweight = (d_seeds[:, None] * xs[layer]).T @ deltas[layer]

    def d_loss(weight, layer=layer):
        return losses.fake_loss(forward([*weights[:layer], weight, *weights[layer + 1:]], images)[0])[0]

    compare(f"D's loss by weight {layer}", dweight, gradcheck.numerical_gradient(d_loss, weights[layer]))

# %% [markdown]
# *Question.* What if a layer mixed images, as batch norm does? Then row b of the pass with ones would be the gradient
# of all logits by image b, and no scaling of rows could take the sum apart again.
#
# A bias has the gradient sum_b s_b delta_b. It reads no x, so here the scale has to stand on delta.
#
# ## The library
#
# `logit_gradients` makes the pass that starts with ones, `image_gradient` scales its rows, `weight_gradient` makes one
# product for each layer, with the scale on x. Layers help with halves of their own: linear's (and conv2d's)
# `weight_gradient(dy, cache, x)` takes another x than that of the forward pass.

# %%
params = {"weight": rng.standard_normal((7, 4)), "bias": rng.standard_normal(4)}
y, cache = linear.forward(params, images)
delta = rng.standard_normal(y.shape)
scaled_x, scaled_delta = d_seeds[:, None] * images, d_seeds[:, None] * delta
compare("the scale on x, or on delta", linear.weight_gradient(delta, cache, scaled_x)["weight"],
        linear.backward(scaled_delta, cache)[1]["weight"])

config = DiscriminatorConfig(channels=(8, 12, 12))                        # for 16 x 16 images
params = gradcheck.perturb(discriminator.init(rng, config), rng, 0.02)
faces = to_float(BuiltInFaces(16, 0).take(0, 16)).astype(np.float64)


def flat(arrays, like):
    """All leaves in one long array, in the order of the leaves of `like`, a tree with the same keys."""
    return tree.gather(arrays, like, np.empty(tree.size(like)))


logits, cache = discriminator.forward(params, faces, config)
of_logits = discriminator.logit_gradients(cache)                          # unit gradients and deltas
print("the library's discriminator, one pass, two losses:")
for name, loss in [("generator_loss", losses.generator_loss), ("fake_loss", losses.fake_loss)]:
    _, seeds = loss(logits)
    dimages, grads = discriminator.backward(seeds, cache)                 # the pass that is saved
    compare(f"{name}, by the images", discriminator.image_gradient(seeds, cache, of_logits), dimages)
    compare(f"{name}, by the weights", flat(discriminator.weight_gradient(of_logits[1], cache, seeds), params),
            flat(grads, params))

# %% [markdown]
# ## What D wants to see
#
# The unit gradient of an image is an image: change the picture along it, and its logit grows quickest. Let D learn a
# little, by plain steps against the gradient, to tell faces from the same faces with a grey square over one eye. Then
# look at the unit gradients of real faces before and after. A D that knows nothing points everywhere; one that has
# learned points to where the square would be.


# %%
def covered(faces):
    faces = faces.copy()
    faces[:, 6:10, 3:7] = 0.0
    return faces


before = of_logits[0]
data, STEPS, RATE = BuiltInFaces(16, 0), 120, 0.1
learned = params
for step in range(STEPS):
    real = to_float(data.take(16 * step, 16)).astype(np.float64)
    batch = np.concatenate([real, covered(real)])                       # D sees all 32 at once, and each alone
    logits, cache = discriminator.forward(learned, batch, config)
    real_loss, real_seeds = losses.real_loss(logits[:16])
    fake_loss, fake_seeds = losses.fake_loss(logits[16:])
    _, grads = discriminator.backward(np.concatenate([real_seeds, fake_seeds]), cache)
    learned = tree.map(lambda value, gradient: value - RATE * gradient, learned, grads)
    if step % 30 == 0 or step == STEPS - 1:
        print(f"step {step:>3}: loss of D {real_loss + fake_loss:.3f}")
_, cache = discriminator.forward(learned, faces, config)
after = discriminator.logit_gradients(cache)[0]


def in_square(gradient):
    """The share of the gradient's square that lies where the grey square would, which is a 16th of the picture."""
    return (gradient[:, 6:10, 3:7] ** 2).sum() / (gradient**2).sum()


print(f"share of the unit gradients inside the square: {in_square(before):.2f} before, {in_square(after):.2f} after")
assert in_square(before) < 0.15 < 0.3 < in_square(after)

# %%
with picture(11, 4.2) as drawn:
    rows = drawn.subplots(3, 8)
    for column in range(8):
        rows[0, column].imshow(to_uint8(faces[column]))
        for row, gradient in ((1, before), (2, after)):
            rows[row, column].imshow(to_uint8(gradient[column] / abs(gradient[column]).max()))
    for row, title in zip(rows, ("faces", "unit gradients, D has learned nothing", "unit gradients after 120 steps"),
                          strict=True):
        row[0].set_title(title, loc="left", fontsize=9)
    for axes in rows.ravel():
        axes.set_axis_off()

# %% [markdown]
# ## Exercise
#
# Write `weight_gradients`, given xs, deltas and seeds, in `tutorials/exercises/18_one_backward_for_all_losses.py`.
#
#     minihit learn check 18
