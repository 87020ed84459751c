# %% [markdown]
# # 4. Train on faces
#
# Everything at once: drawn faces, a generator and a discriminator small enough for seconds on one core, and the loop
# that trains them, spelled out. It is what `minihit train` does less the log, pictures and checkpoints; settings for
# real results are in `minihit/presets`. Eighty steps go from a grey square to skin colours in about the right place,
# not further. With a file name it writes faces before and after:
#
#     python tutorials/04_train_on_faces.py [faces.png]

# %%
import math
import sys

import numpy as np

from minihit import sampling, tree
from minihit.data.dataset import BuiltInFaces
from minihit.models import hit
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.objectives import gan
from minihit.objectives.gan_recipe import GanRecipe
from minihit.presets import GanPreset
from minihit.show.images import grid, to_float, to_uint8, upscale, write_png
from minihit.training import measure, state, step

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
# All that training changes is in `training`: two networks, Adam's averages, and the moving average (EMA) of the
# generator that is sampled from. Each network is one flat buffer; its tree of named arrays is a view of it.

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
print("z", z.shape, "-> tokens", cache["tokens"]["norm"]["centered"].shape, "-> images", images.shape)
for plan, stage in zip(config.stages, cache["stages"], strict=True):
    pixels, attention = stage["cross_attention"]["query"]["x"], stage["blocks"][0]["attention"]
    print(f"stage {plan.index}: pixels {pixels.shape}, windows {attention['query']['x'].shape}")
    print(f"  cross-attention over tokens {stage['cross_attention']['attend']['probs'].shape},",
          *(f"{axis} {attention[axis]['probs'].shape}" for axis in plan.axes))

# %% [markdown]
# ## The loop
#
# Real images, random draws, the gradients of both networks at the same parameters, one update. The learning rate is ten
# times that of a long run, and the moving average short, so that eighty steps show something.

# %%
held_out = data.held_out(200)


def distance():
    """The sliced Wasserstein distance of samples from images never trained on; 0 is perfect."""
    return measure.distance(training.trees["ema"]["generator"], config, "cpu", SEED, held_out)["swd"]


def samples():
    return sampling.samples(training.trees["ema"]["generator"], z, config, "cpu")


before, at_first, history = distance(), samples(), []
for number in range(1, STEPS + 1):
    rng = np.random.default_rng([SEED, number])
    real = to_float(data.take((number - 1) * BATCH, BATCH))               # (B, 16, 16, 3) in [-1, 1]
    draws = gan.draw(rng, BATCH, preset, number)
    grads, averages, metrics = step.gradients(networks, real, draws, preset)
    state.apply(training, grads, averages, number, preset)
    history.append({name: float(metrics[name]) for name in ("generator_loss", "real_loss", "fake_loss", "r1")})
    if number % 20 == 0:
        print(f"step {number}:", {name: round(value, 2) for name, value in history[-1].items()})

# %% [markdown]
# ## Did it learn?
#
# Losses of a GAN do not simply fall. A discriminator that cannot tell real from fake has loss 2 log 2; it learns, its
# loss drops below, the generator answers, and the loss climbs back towards 2 log 2. Whether pictures get better is
# measured apart, by their distance from held-out faces.

# %%
d_losses = np.array([row["real_loss"] + row["fake_loss"] for row in history])
print(f"discriminator's loss: {d_losses.mean():.2f} on average, chance is {2 * math.log(2):.2f}; by twenty steps:",
      d_losses.reshape(-1, 20).mean(axis=1).round(2))
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
np.testing.assert_allclose(probs.sum(axis=-1), 1.0, rtol=1e-5)
assert probs.shape == (BATCH, 16, 2, 16, 16)

# %%
for path in [name for name in sys.argv[1:] if name.endswith(".png")]:     # what a notebook's kernel is given is none
    faces = np.concatenate([real[:8], at_first[:8], samples()[:8]])
    write_png(path, grid(upscale(to_uint8(faces), 4), columns=8))
    print("real faces, the first images and the last ones are in", path)
