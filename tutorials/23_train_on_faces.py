# %% [markdown]
# # 23. Train on faces
#
# Everything at once: drawn faces, a generator and a discriminator small enough for seconds on one core, and the loop
# that trains them, spelled out. It is what `minihit train` does less the log, pictures and checkpoints; settings for
# real results are in `minihit/presets`. Eighty steps go from a grey square to skin colours in about the right place,
# not further; `minihit train` makes faces of them in twelve minutes. You need chapters 0 to 22. With the name of a .png
# file it draws samples on the way, gradient norms and what the tokens are asked for:
#
#     python tutorials/23_train_on_faces.py [faces.png]

# %%
import math

import numpy as np

from minihit import sampling, tree
from minihit.data.dataset import BuiltInFaces
from minihit.models import hit
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.objectives import gan
from minihit.objectives.gan_recipe import GanRecipe
from minihit.presets import GanPreset
from minihit.show.images import grid, to_float, to_uint8
from minihit.show.lesson import picture
from minihit.training import measure, state, step
from minihit.training.run import weights
from minihit.training.run.folder import BUILT_IN

# %% [markdown]
# ## A question
#
# The generator below has stages of 8 x 8 and 16 x 16, the discriminator maps of 16 x 16, 8 x 8 and 4 x 4. A batch is 16
# images, so that a step looks at 16 real and 16 drawn ones. How many passes through D is that, with R1? Three for the
# drawn (forward, backward from ones, the weights' product), four for the real (a tangent more): chapters 18 and 19.
# And through G three: forward, and a backward of two halves.

# %%
SEED, STEPS, BATCH = 0, 80, 16
preset = GanPreset(
    GeneratorConfig(latent=16, channels=(32, 16), layers=(1, 1), heads=(4, 4), windows=(4, 4)),
    DiscriminatorConfig(channels=(16, 32, 32)),
    GanRecipe(batch=BATCH, steps=STEPS, generator_rate=4e-3, discriminator_rate=4e-3, ema_decay=0.9),
)
config = preset.generator

# %% [markdown]
# ## The state
#
# All that training changes is in `training`, made by `state.create`: two networks, Adam's averages, and the moving
# average (EMA) of the generator that is sampled from. Each network is one flat buffer; its tree of named arrays is a
# view of it (chapter 22).

# %%
data = BuiltInFaces(config.size, SEED)
training = state.create(SEED, preset)
networks = training.networks
for name, network in networks.items():
    leaves = dict(tree.items(network["params"]))
    path = list(leaves)[-1]
    print(f"{name}: {tree.size(leaves):,} parameters, {len(leaves)} leaves such as {path} {leaves[path].shape}")
    assert np.shares_memory(leaves[path], training.buffers[name])

# %% [markdown]
# ## From z to an image, stage by stage
#
# A cache is a nested dict with the names of the layers, so it can be looked through. Stage 0 works at 8 x 8 and stage 1
# at 16 x 16; the pixels are those that cross-attention reads.

# %%
z = np.random.default_rng(SEED).standard_normal((BATCH, config.latent), dtype=np.float32)
images, cache = hit.forward(networks["generator"]["params"], z, config)
print("z", z.shape, "-> tokens", cache["stages"][0]["cross_attention"]["key"]["x"].shape, "-> images", images.shape)
for plan, stage in zip(config.stages, cache["stages"], strict=True):
    pixels, attention = stage["cross_attention"]["query"]["x"], stage["blocks"][0]["attention"]
    print(f"stage {plan.index}: pixels {pixels.shape}, windows {attention['query']['x'].shape}")
    print(f"  cross-attention over tokens {stage['cross_attention']['attend']['probs'].shape},",
          *(f"{axis} {attention[axis]['probs'].shape}" for axis in plan.axes))

# %% [markdown]
# ## The loop
#
# Real images, random draws (`gan.draw`), the gradients of both networks at the same parameters (`step.gradients`,
# chapter 19), one update: Adam, then EMA (`state.apply`, chapter 22). The learning rate is ten times that of a long
# run, and the moving average short, so that eighty steps show something.
#
# Whether pictures get better is measured apart. The *sliced Wasserstein distance* compares small patches of two sets of
# images, seen along many random directions; 0 is perfect. One set are drawn images, made with the moving average
# (`sampling.samples`), the other faces that were never trained on, *held out*. `measure.distance` does it, and
# `measure.real_distance` compares real faces with real faces.

# %%
held_out = data.held_out(200)


def distance():
    """The sliced Wasserstein distance of samples from images never trained on."""
    return measure.distance(training.trees["ema"]["generator"], config, "cpu", SEED, held_out)["swd"]


def samples():
    return sampling.samples(training.trees["ema"]["generator"], z, config, "cpu")


before, on_the_way, history = distance(), {0: samples()}, []
for number in range(1, STEPS + 1):
    rng = np.random.default_rng([SEED, number])
    real = to_float(data.take((number - 1) * BATCH, BATCH))               # (B, 16, 16, 3) in [-1, 1]
    draws = gan.draw(rng, BATCH, preset, number)
    grads, averages, metrics = step.gradients(networks, real, draws, preset)
    norms = state.apply(training, grads, averages, number, preset)
    history.append({name: float(metrics[name]) for name in ("generator_loss", "real_loss", "fake_loss", "r1")}
                   | {f"{name} gradient": float(norm) for name, norm in norms.items()})
    if number % (STEPS // 4) == 0:
        on_the_way[number] = samples()
        print(f"step {number}:", {name: round(value, 2) for name, value in history[-1].items()})

# %% [markdown]
# ## Did it learn?
#
# Losses of a GAN do not simply fall. A discriminator that cannot tell real from drawn has loss 2 log 2 (chapter 17); it
# learns, its loss drops below, the generator answers, and the loss climbs back towards 2 log 2.

# %%
d_losses = np.array([row["real_loss"] + row["fake_loss"] for row in history])
print(f"discriminator's loss: {d_losses.mean():.2f} on average, chance is {2 * math.log(2):.2f}; by quarters:",
      *(f"{part.mean():.2f}" for part in np.array_split(d_losses, 4)))
after, perfect = distance(), measure.real_distance(data, SEED, held_out)["swd_real"]
print(f"sliced Wasserstein distance: {before:.0f} before, {after:.0f} after, {perfect:.0f} between real and real")
assert d_losses.mean() < 2 * math.log(2)
assert perfect < after < 0.93 * before

# %% [markdown]
# ## Where a pixel looks
#
# Attention maps lie in the cache. One window of stage 1 is 4 x 4 pixels; here is how its first pixel divides its
# attention among the 16, in percent. Even shares are 6.25 each, and after eighty steps they are nearly even still.

# %%
_, cache = hit.forward(networks["generator"]["params"], z, config)
probs = cache["stages"][1]["blocks"][0]["attention"]["block"]["probs"]    # (B, G, N / 2, P, P)
print(100.0 * probs[0, 5, 0, 0].reshape(4, 4).round(3))
assert abs(probs.sum(axis=-1) - 1.0).max() < 1e-5
assert probs.shape == (BATCH, 16, 2, 16, 16)

# %% [markdown]
# The tokens learn sooner. Look at each pixel's favourite token, the one that it asks more than pixels do on average, as
# in chapter 10: the pictures fall into regions already.
#
# ## After 2,000 steps
#
# minihit ships with the generator that `minihit train` makes in twelve minutes: three stages, images of 32 x 32, the
# moving average after 2,000 steps of 32 images. `weights.load_generator` reads a trained generator, from a run's folder
# or, here, from `BUILT_IN`. In evaluation batch norm takes its running averages (chapter 5). Its tokens tell background
# from face, hair from skin, and nobody ever told them what a face is.


# %%
def favourites(stage, side):
    """(B, side, side): each pixel's favourite token."""
    asked = stage["cross_attention"]["attend"]["probs"].mean(axis=1)      # (B, pixels, T)
    return (asked / asked.mean(axis=(0, 1))).argmax(axis=-1).reshape(-1, side, side)


run, trained, steps = weights.load_generator(BUILT_IN)
shipped = run.preset.generator
z_shipped = np.random.default_rng(3).standard_normal((8, *shipped.z_shape), dtype=np.float32)
faces, shipped_cache = hit.forward(trained["params"], z_shipped, shipped, trained["averages"])
of_eighty, of_shipped = favourites(cache["stages"][-1], 16)[:8], favourites(shipped_cache["stages"][-1], 32)
print(f"the generator after {steps:,} steps: {tree.size(trained['params']):,} parameters, images {faces.shape}")
assert len(np.unique(of_shipped)) > 5

# %%
with picture(11, 9) as drawn:
    panels = drawn.subplot_mosaic([["samples", "samples"], ["norms", "tokens"], ["faces", "faces"], ["asked", "asked"]],
                                  height_ratios=[2.4, 1.2, 1.2, 1.2])
    rows = [to_uint8(real[:14]), *(to_uint8(images[:14]) for images in on_the_way.values())]
    shown = {"samples": grid(np.concatenate(rows), columns=14, gap=1), "tokens": np.concatenate(of_eighty, axis=1),
             "faces": grid(to_uint8(faces), columns=8, gap=1), "asked": np.concatenate(of_shipped, axis=1)}
    titles = {"samples": f"real faces, then the same z after {', '.join(map(str, on_the_way))} steps",
              "tokens": f"favourite tokens after {STEPS} steps", "faces": f"minihit's own generator, {steps:,} steps",
              "asked": "its pixels' favourite tokens"}
    for name, image in shown.items():
        panels[name].imshow(image, cmap="tab20", vmin=0, vmax=19, interpolation="nearest")
        panels[name].set_title(titles[name], loc="left", fontsize=9)
        panels[name].set_axis_off()
    for name in ("generator gradient", "discriminator gradient", "r1"):
        panels["norms"].semilogy([row[name] for row in history], label=name)
    panels["norms"].set_title("norms of gradients, and R1, over steps", fontsize=9)
    panels["norms"].legend(fontsize=7)

# %% [markdown]
# ## With your own layers
#
# What you wrote in `tutorials/exercises` can stand in for the library's functions. This checks your files, puts them in
# their places and trains the same faces with them, a few times slower:
#
#     minihit learn train
