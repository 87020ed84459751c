# %% [markdown]
# # 24. Break it
#
# What does a wrong gradient do to a picture? Less than you think, and that is the trouble: a network with a mistake in
# its backward pass mostly *trains*, only worse. Here seven mistakes of the chapters before are planted in HiT, one at a
# time, each trains for 300 steps, and you may guess. You need chapters 0 to 13, and 22.

# %%
from contextlib import contextmanager

import numpy as np

from minihit import gradcheck, optim, tree
from minihit.data.dataset import BuiltInFaces
from minihit.layers import layer_norm, linear, mlp
from minihit.models import hit
from minihit.models.hit.config import GeneratorConfig
from minihit.ops import attend, normalize, pixel_shuffle, window_merge
from minihit.show.images import to_float, to_uint8
from minihit.show.lesson import picture

# %% [markdown]
# ## A question
#
# Someone's gradients are all a thousand times too small. What becomes of the faces? Think of Adam before you go on.
#
# ## The task
#
# No game here, it would blur the picture: three faces, three fixed z, and a small HiT that has to draw each face from
# its z. The loss is the mean squared difference. 300 steps are enough to learn the three by heart.

# %%
FACES, STEPS, RATE = 3, 300, 0.01
CONFIG = GeneratorConfig(latent=16, channels=(16, 8), layers=(1, 1), heads=(4, 4), windows=(4, None), tokens=4,
                         norm="layer")
faces = to_float(BuiltInFaces(16, 0).take(2, FACES))                      # (3, 16, 16, 3)
z = np.random.default_rng(0).standard_normal((FACES, CONFIG.latent), dtype=np.float32)


def train(scale=1.0):
    """The images after the last step and the losses of all; gradients are multiplied by scale."""
    buffer, params = tree.pack(hit.init(np.random.default_rng(0), CONFIG), np)
    moments, flat, history = optim.init_moments(buffer), np.empty_like(buffer), []
    for number in range(1, STEPS + 1):
        images, cache = hit.forward(params, z, CONFIG)
        history.append(float(((images - faces) ** 2).mean()))
        _, grads = hit.backward(2.0 * (images - faces) * (scale * 100 / faces.size), cache)
        tree.gather(grads, params, flat)
        optim.adam(buffer, flat, moments, number, RATE, 0.9, 0.99)
    return hit.forward(params, z, CONFIG)[0], history


# %% [markdown]
# ## The mistakes
#
# Each takes the place of one function of the library for as long as a `with` block lasts.


# %%
@contextmanager
def planted(module, name, wrong):
    right = getattr(module, name)
    setattr(module, name, lambda *args, **options: wrong(right, *args, **options))
    try:
        yield
    finally:
        setattr(module, name, right)


def skip_forgotten(right, dy, cache):                                     # chapter 3
    dx, grads = right(dy, cache)
    return dx - dy, grads


def norm_held_fixed(right, dy, cache, skip=None):                         # chapter 4; skip comes past the norm
    _, dscale, dbias = right(dy, cache)
    dx = dy * cache["scale"] * cache["rstd"]
    return dx if skip is None else dx + skip, dscale, dbias


def scores_forgotten(right, dout, cache):                                 # chapter 7: only dvalue is right
    dquery, dkey, dvalue = right(dout, cache)
    return 0.0 * dquery, 0.0 * dkey, dvalue


def not_merged(right, dimage, cache):                                     # chapter 9: cut up, but not into windows
    return dimage.reshape(right(dimage, cache).shape)


def other_order(right, dy, cache):                                        # chapter 12: PyTorch's order of channels
    b, height, width, c = dy.shape
    dx = dy.reshape(b, height // 2, 2, width // 2, 2, c).transpose(0, 1, 3, 5, 2, 4)
    return dx.reshape(b, height // 2, width // 2, 4 * c)


def sign_of_dx(right, dy, cache):                                         # chapter 1
    return -right(dy, cache)


MISTAKES = {
    "a skip forgotten": (mlp, "backward", skip_forgotten),
    "mean and variance held fixed": (normalize, "backward", norm_held_fixed),
    "attention: values alone": (attend, "backward", scores_forgotten),
    "windows not put together": (window_merge, "backward", not_merged),
    "another order of channels": (pixel_shuffle, "backward", other_order),
    "linear: a sign in dx": (linear, "input_gradient", sign_of_dx),
}
found = {"right": train()}
found["all gradients / 1000"] = train(0.001)
for name, mistake in MISTAKES.items():
    with planted(*mistake):
        found[name] = train()

# %% [markdown]
# ## What you see
#
# How far the pictures are off after 300 steps, the root of the mean square, in levels of grey from 0 to 255.

# %%
levels = {name: 127.5 * np.median(history[-50:]) ** 0.5 for name, (_, history) in found.items()}
for name, off in levels.items():
    print(f"{name:<30} {off:>5.1f} levels")
assert max(levels[name] for name in ("right", "all gradients / 1000", "attention: values alone")) < 4
assert levels["mean and variance held fixed"] < levels["a skip forgotten"]
assert min(levels[name] for name in list(MISTAKES)[3:]) > 20

# %%
with picture(10.5, 5.6) as drawn:
    pictures, curves = drawn.subplots(1, 2, width_ratios=[1, 1.6])
    rows = [("faces", faces), *((name, images) for name, (images, _) in found.items())]
    pictures.imshow(np.concatenate([np.concatenate(list(to_uint8(images)), axis=1) for _, images in rows]))
    pictures.set_yticks([16 * i + 8 for i in range(len(rows))], [name for name, _ in rows])
    pictures.set_xticks([])
    for name, (_, history) in found.items():
        curves.semilogy(history, label=name)
    curves.set(xlabel="step", title="mean squared difference")
    curves.legend(fontsize=7, loc="lower left")

# %% [markdown]
# The first answer: nothing. Adam divides by the size of the gradient, so a factor that is the same everywhere is
# invisible. So is an attention that never learns whom to ask, and a norm with half a backward is hard to see: the
# network finds its way around what learns wrongly, as long as most of the others learn rightly. By the picture alone
# you would say that all is well, and wonder later why others' results are better. None of it escapes the check of
# chapter 0, which takes a second:

# %%
rng = np.random.default_rng(0)
x = rng.standard_normal((2, 4, 8))
for module, function, wrong, check in [
    (normalize, "backward", norm_held_fixed, lambda: gradcheck.check_layer(
        layer_norm, gradcheck.perturb(layer_norm.init(8), rng), x, rng)),
    (attend, "backward", scores_forgotten, lambda: gradcheck.check_layer(
        attend, None, tuple(rng.standard_normal((3, 2, 5, 2, 4))), rng)),
]:
    with planted(module, function, wrong):
        try:
            check()
        except AssertionError as refusal:
            print(f"{wrong.__name__}:", str(refusal).splitlines()[1])
        else:
            raise AssertionError("a wrong gradient passed the check")
    check()                                                               # and without the mistake it passes

# %% [markdown]
# *Name the bug.* Plant others: chapter 2's slope, chapter 6's diagonal, chapter 10's keys without their half of
# dtokens. Which of them can you tell from the picture?
