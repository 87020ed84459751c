# %% [markdown]
# # 4. Train on faces
#
# Everything at once: drawn faces, a generator and a discriminator small enough for seconds on one core, and the loop
# that trains them, spelled out. It is what `minihit train` does less the log, pictures and checkpoints; the settings
# for real results are in `minihit/presets.py`. A hundred steps take a grey square a good part of the way to the colours
# and large shapes of faces, not further.

# %%
import numpy as np

from minihit import tree
from minihit.data.dataset import BuiltInFaces
from minihit.images import to_float
from minihit.models import discriminator, generator
from minihit.models.config import DiscriminatorConfig, GeneratorConfig
from minihit.presets import Preset
from minihit.training import measure, state, step
from minihit.training.recipe import Recipe

SEED, STEPS, BATCH = 0, 80, 16
preset = Preset(
    GeneratorConfig(latent=16, channels=(32, 16), layers=(1, 1), heads=(4, 4), windows=(4, 4)),
    DiscriminatorConfig(channels=(16, 32, 32)),
    Recipe(batch=BATCH, steps=STEPS, generator_rate=4e-3, discriminator_rate=4e-3, ema_decay=0.9),
)
config, recipe = preset.generator, preset.recipe

# %% [markdown]
# ## The state
#
# All that training changes is in `training`: two networks, Adam's averages, and the moving average (EMA) of the
# generator that is sampled from. Each network is one flat buffer; its tree of named arrays is a view of it.

# %%
data = BuiltInFaces(config.size, SEED)
training = state.create(SEED, preset)
networks = training.networks
for name in ("generator", "discriminator"):
    print(f"{name}: {tree.size(networks[name]):,} parameters, the first of {len(list(tree.items(networks[name])))} leaves is",
          *[(path, leaf.shape) for path, leaf in tree.items(networks[name])][:1])

# %% [markdown]
# ## From z to an image, stage by stage
#
# A cache is a nested dict with the names of the layers, so it can be looked through. Stage 0 works at 8 x 8 and stage 1
# at 16 x 16; x_hat is what the first norm of a stage hands to cross-attention.

# %%
z = np.random.default_rng(SEED).standard_normal((BATCH, config.latent), dtype=np.float32)
images, cache = generator.forward(networks["generator"], z, config)
print("z", z.shape, "-> tokens", cache["tokens"]["norm"]["x_hat"].shape, "-> images", images.shape)
for plan, stage in zip(config.stages, cache["stages"], strict=True):
    attention = stage["blocks"][0]["attention"]
    print(f"stage {plan.index}: pixels {stage['cross_norm']['x_hat'].shape}, windows {attention['query']['x'].shape}")
    print(f"  cross-attention over tokens {stage['cross_attention']['attend']['probs'].shape},",
          *(f"{axis} {attention[axis]['probs'].shape}" for axis in plan.axes))

# %% [markdown]
# ## The loop
#
# Images in, random draws, gradients of both networks at the same parameters, one update. The learning rate is ten times
# that of a long run, and the average short, so that eighty steps show something.

# %%
held_out = data.held_out(200)
first_fakes = images
before = measure.distance(training.trees["ema"], config, "cpu", SEED, held_out)["swd"]
history = []
for number in range(1, STEPS + 1):
    rng = np.random.default_rng([SEED, number])
    real = to_float(data.take((number - 1) * BATCH, BATCH))               # (B, 16, 16, 3) in [-1, 1]
    draws = step.draw(rng, BATCH, preset, recipe)
    grads, averages, metrics = step.gradients(networks, real, draws, preset, recipe)
    state.apply(training, grads, averages, number, recipe)
    history.append({name: float(value) for name, value in metrics.items()})
    if number % 20 == 0:
        print(f"step {number}:", {name: round(history[-1][name], 2) for name in ("generator_loss", "real_loss", "fake_loss", "r1")})
