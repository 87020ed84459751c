# %% [markdown]
# # 21. Augment and agree
#
# With a few thousand pictures a discriminator learns them by heart. Two cures show it each picture in ever new
# versions, moved, recoloured, with a hole. In the first it never sees anything else, drawn images too, and so G's
# gradient has to come back through all of that. In the second it is asked to say the same of both. You need chapters 0
# to 3, 12, and 16 to 18.

# %%
import numpy as np

from minihit import gradcheck
from minihit.data.dataset import BuiltInFaces
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.objectives import losses
from minihit.ops import augment
from minihit.show.images import to_float, to_uint8
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# Three values, [1, 2, 6], with mean 3. *Contrast* by a half brings them half as far from their mean: [2, 2.5, 4.5]. How
# does sum(dy * y) move if the first value rises by 3? The mean rises by 1. The first value's distance from it grows by
# 2, so it rises by 1 + 1 = 2; each of the others falls 1 behind, and rises by 1 - 1/2 = 1/2. So dx_0 = (2 dy_0 + dy_1 /
# 2 + dy_2 / 2) / 3. Now the surprise: contrast applied to dy, mean and all, gives the same.


# %%
def stretch(x, factor):
    """All values from their mean, factor times as far."""
    return (x - x.mean()) * factor + x.mean()


x, dy = np.array([1.0, 2.0, 6.0]), np.array([3.0, -1.0, 4.0])
print("contrast by a half:", stretch(x, 0.5), " dx:", stretch(dy, 0.5))
compare("dx_0", stretch(dy, 0.5)[0], (2 * dy[0] + dy[1] / 2 + dy[2] / 2) / 3)
compare("dx", stretch(dy, 0.5), gradcheck.numerical_gradient(lambda x: (dy * stretch(x, 0.5)).sum(), x))

# %% [markdown]
# ## Symmetric: its own backward
#
# Taking the mean is a matrix M with 1/n everywhere, so
#
#     y  =  f (x - M x) + M x  =  A x            A  =  f I + (1 - f) M
#
# M is its own transpose, and so is A. A symmetric linear layer is its own backward.

# %%
M, f = np.full((3, 3), 1 / 3), 0.5
A = f * np.eye(3) + (1 - f) * M
compare("A", A @ x, stretch(x, f))
compare("A^T = A", A.T, A)

# %% [markdown]
# ## DiffAugment
#
# Zhao et al. (2020) change every picture in three ways. All that is random is drawn beforehand, the *draws*, a number
# for each image; then forward and backward are what they are. Images are (B, S, S, 3) in [-1, 1].
#
#     colour       x + brightness                        a shift: dy passes
#                  stretch about each pixel's mean       saturation, 0 to 2 times: its own backward
#                  stretch about each image's mean       contrast, 1/2 to 3/2 times: its own backward
#     translation  y[i, j] = x[i + down, j + right], zero outside      back by -down, -right
#     cutout       zeros in a square of half the side    a mask: dy times the same mask
#
# A row of A for the translation has its 1 at another place, or, outside, no 1; so A^T shifts back, and what was pushed
# out of the picture gets zero.

# %%
SIDE, B = 8, 4
images, dy = rng.standard_normal((2, B, SIDE, SIDE, 3))
draws = augment.draw(rng, B, SIDE)
for name, values in draws.items():
    print(f"  {name:<10}", *(f"{value:.2f}" for value in values))
augmented, cache = augment.forward(images, draws)
dimages = augment.backward(dy, cache)
by_hand, back = np.empty_like(images), np.empty_like(images)
for b in range(B):
    at = {name: values[b] for name, values in draws.items()}
    x = images[b] + (at["brightness"] - 0.5)
    grey = x.mean(axis=-1, keepdims=True)
    x = (x - grey) * (2.0 * at["saturation"]) + grey
    x = stretch(x, at["contrast"] + 0.5)
    moved, hole = np.zeros_like(x), np.ones((SIDE, SIDE, 1))
    for i, j in np.ndindex(SIDE, SIDE):
        row, column = i + at["shift_h"], j + at["shift_w"]
        if 0 <= row < SIDE and 0 <= column < SIDE:
            moved[i, j] = x[row, column]
    top, left = at["cut_h"] - SIDE // 4, at["cut_w"] - SIDE // 4
    hole[max(top, 0):max(top + SIDE // 2, 0), max(left, 0):max(left + SIDE // 2, 0)] = 0.0
    by_hand[b] = moved * hole

    g, d = dy[b] * hole, np.zeros((SIDE, SIDE, 3))                        # the same lines read upwards
    for i, j in np.ndindex(SIDE, SIDE):
        row, column = i + at["shift_h"], j + at["shift_w"]
        if 0 <= row < SIDE and 0 <= column < SIDE:
            d[row, column] += g[i, j]
    d = stretch(d, at["contrast"] + 0.5)
    grey = d.mean(axis=-1, keepdims=True)
    back[b] = (d - grey) * (2.0 * at["saturation"]) + grey
compare("augment.forward", augmented, by_hand)
compare("augment.backward", dimages, back)
for row in gradcheck.check_layer(augment, None, images, rng, draws=draws):
    print(f"  {row.path} {row.shape}: error {row.share:.0e} of the allowed")

# %% [markdown]
# *Question.* Only brightness is no linear map. Why does backward not mind? A shift by a number has slope 1. And why do
# real and drawn images get the same treatment? If only real ones did, D would tell them by it.
#
# ## Through D, and back to G
#
# G's loss looks at D(T(fake)). So what D sends to its input goes through T's backward, and only then to the generator.
# What was cut out gets no gradient in this step; it will be another place in the next.

# %%
config = DiscriminatorConfig(channels=(6, 8))                             # for 8 x 8 images
params = gradcheck.perturb(discriminator.init(rng, config), rng, 0.1)


def g_loss(images):
    return losses.generator_loss(discriminator.forward(params, augment.forward(images, draws)[0], config)[0])[0]


logits, d_cache = discriminator.forward(params, augmented, config)
_, seeds = losses.generator_loss(logits)
dseen, _ = discriminator.backward(seeds, d_cache)
direction = rng.standard_normal(images.shape)
compare("G's loss along a direction of the images", (augment.backward(dseen, cache) * direction).sum(),
        gradcheck.directional_derivative(g_loss, images, direction, 1e-6))

# %% [markdown]
# ## Agree: bCR
#
# The second cure, *balanced consistency regularisation*, leaves D's losses as they are and adds
#
#     cost * mean_b (D(x_b) - D(T x_b))^2            of real and of drawn images
#
# so that D says the same of a picture and of its changed copy. As a loss of two lists of logits its seeds are
#
#     at D(x):   2 cost / B * (D(x) - D(T x))        at D(T x):   the same with a minus
#
# The first are simply *added* to the seeds of D's loss, since logits that are read twice collect twice (chapter 3). The
# second start a backward pass of their own.

# %%
plain, _ = discriminator.forward(params, images, config)
penalty, dlogits, daugmented = losses.consistency(plain, logits, 10.0)
compare("consistency", penalty, 10.0 * ((plain - logits) ** 2).mean())
compare("its seeds at D(x)", dlogits, 2 * 10.0 / B * (plain - logits))
compare("its seeds at D(T x)", daugmented, -dlogits)
compare("by nudges", dlogits, gradcheck.numerical_gradient(
    lambda plain: losses.consistency(plain, logits, 10.0)[0], plain))

# %% [markdown]
# G takes no part in this: were it to, it could learn to draw pictures that D cannot tell from their changed copies,
# grey ones. So nothing of it goes back through T or to the images.

# %%
face = to_float(BuiltInFaces(32, 0).take(3, 1)).astype(np.float64)
pattern = np.where(abs(np.subtract.outer(np.arange(32), np.arange(32))) < 3, 1.0, -0.2)   # a diagonal band
pattern = np.broadcast_to(pattern[None, :, :, None], face.shape)
shown = augment.draw(np.random.default_rng(5), 1, 32)
steps = {"nothing": (), "color": ("color",), "translation": ("translation",), "cutout": ("cutout",),
         "all three": ("color", "translation", "cutout")}
with picture(11, 4.4) as drawn:
    rows = drawn.subplots(2, len(steps))
    for column, (name, policy) in enumerate(steps.items()):
        image, cache = augment.forward(face, shown, policy)
        rows[0, column].imshow(to_uint8(image[0]))
        rows[1, column].imshow(to_uint8(augment.backward(pattern, cache)[0]))
        rows[0, column].set_title(name, fontsize=9)
        rows[1, column].set_title("dy, as it comes in" if not policy else "what G gets of it", fontsize=9)
    for axes in rows.ravel():
        axes.set_axis_off()

# %% [markdown]
# ## Exercise
#
# Write the colours of DiffAugment, both passes, in `tutorials/exercises/21_augment_and_agree.py`.
#
#     minihit learn check 21
