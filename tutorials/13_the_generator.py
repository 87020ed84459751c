# %% [markdown]
# # 13. The generator
#
# All parts are there. A latent z becomes a first map and tokens; stage after stage the map is worked on and doubled;
# the last stages paint. What is new is only the wiring: three things travel up, the map, the tokens and the image, and
# three gradients travel down. Read it beside `minihit/models/hit/stage.py`. You need chapters 0 to 12.

# %%
import numpy as np

from minihit import gradcheck, tree
from minihit.layers import attention_block, cross_attention, latent_tokens, layer_norm, linear, mlp, to_rgb
from minihit.layers.norm import How
from minihit.models import hit
from minihit.models.hit import stage
from minihit.models.hit.config import GeneratorConfig
from minihit.ops import pixel_shuffle, upsample, window_merge, window_split
from minihit.presets import PRESETS
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)
HOW = How("layer")

# %% [markdown]
# ## A question
#
# Follow the shapes. z has 5 numbers, the first map is 8 x 8 with 16 channels. Stage 0 ends with a pixel shuffle: what
# does it hand on? 16 x 16 with 4 channels. Stage 1 wants 8 channels: a linear layer makes them, at each pixel. The
# image of stage 1 is 16 x 16 with 3 colours, and so is a generator of two stages one that draws 16 x 16 images.
#
# A *config*, a `GeneratorConfig`, says it all, and works out a *plan* for each stage, the sizes that it needs:

# %%
config = GeneratorConfig(latent=5, channels=(16, 8, 4), layers=(1, 1, 1), heads=(4, 2, 2), windows=(4, None, None),
                         tokens=3, norm="layer")
for plan in config.stages:
    print(f"stage {plan.index}: {plan.side} x {plan.side}, {plan.channels} channels, windows {plan.window}, "
          f"{'paints' if plan.rgb else 'does not paint'}, then {plan.next_channels} channels")
params = gradcheck.perturb(hit.init(rng, config), rng, 0.2)
z = rng.standard_normal((2, config.latent))

# %% [markdown]
# ## One stage, upwards
#
# x (B, H, W, C) comes from below, tokens (B, T, C0) from z, the image (B, H/2, W/2, 3) from the stages that painted
# before, or None. A stage with windows attends in them; one without has only pointwise blocks, and paints:
#
#     x = x + position                                                       3
#     x = x + cross_attention(norm(x), tokens), then the pointwise block     10, 11
#     x = blocks: attention blocks in windows, or pointwise ones             9, 11
#     image = upsample(image) + linear(norm(x))                              12
#     x = pixel_shuffle(x), then linear where channels differ                12
#
# `to_rgb` is the linear(norm(x)) that makes three colours of C channels. x is read by it and by the pixel shuffle.


# %%
def stage_forward(params, x, tokens, image, plan):
    cache = {}
    x = x + params["position"]
    h, cache["cross_norm"] = layer_norm.forward(params["cross_norm"], x)
    h, cache["cross_attention"] = cross_attention.forward(params["cross_attention"], h, tokens)
    x, cache["cross_mlp"] = mlp.forward(params["cross_mlp"], x + h, HOW)
    (block,) = params["blocks"]                                           # one in every stage here
    if plan.window:
        x, cache["split"] = window_split.forward(x, plan.window)
        x, cache["block"] = attention_block.forward(block, x, plan.axes, HOW)
        x, cache["merge"] = window_merge.forward(x, plan.window, plan.side)
    else:
        x, cache["block"] = mlp.forward(block, x, HOW)
    if plan.rgb:
        colours, cache["to_rgb"] = to_rgb.forward(params["to_rgb"], x, HOW)
        if image is not None:
            image, cache["upsample"] = upsample.forward(image)
        image = colours if image is None else image + colours
    if plan.next_channels is None:                                        # the last stage: nobody reads its x
        return None, image, cache
    x, cache["pixel_shuffle"] = pixel_shuffle.forward(x)
    if "widen" in params:
        x, cache["widen"] = linear.forward(params["widen"], x)
    return x, image, cache


# %% [markdown]
# ## The same, downwards
#
# dx comes from the stage above, dimage too; dtokens goes down beside them. Two questions decide every line. *Who reads
# this?* x is read by the shuffle and by to_rgb: add. The image below is read once, by upsample, and dimage itself goes
# on to to_rgb, since image + colours hands it to both. *What stood here?* The position stood at every image: sum over
# B.


# %%
def stage_backward(dx, dimage, cache, plan):
    """Returns dx, dtokens, dimage, grads."""
    grads = {}
    if "widen" in cache:
        dx, grads["widen"] = linear.backward(dx, cache["widen"])
    if "pixel_shuffle" in cache:
        dx = pixel_shuffle.backward(dx, cache["pixel_shuffle"])
    if plan.rgb:
        dcolours, grads["to_rgb"] = to_rgb.backward(dimage, cache["to_rgb"])
        dx = dcolours if dx is None else dx + dcolours
        dimage = upsample.backward(dimage, cache["upsample"]) if "upsample" in cache else None
    if plan.window:
        dx = window_merge.backward(dx, cache["merge"])
        dx, block = attention_block.backward(dx, cache["block"])
        dx = window_split.backward(dx, cache["split"])
    else:
        dx, block = mlp.backward(dx, cache["block"])
    grads["blocks"] = [block]
    dx, grads["cross_mlp"] = mlp.backward(dx, cache["cross_mlp"])
    dh, dtokens, grads["cross_attention"] = cross_attention.backward(dx, cache["cross_attention"])
    dh, grads["cross_norm"] = layer_norm.backward(dh, cache["cross_norm"])
    dx = dx + dh
    grads["position"] = dx.sum(axis=0, keepdims=True)
    return dx, dtokens, dimage, grads


def flat(arrays, like):
    """All leaves in one long array, in the order of the leaves of `like`, a tree with the same keys."""
    return tree.gather(arrays, like, np.empty(tree.size(like)))


plan, below = config.stages[1], rng.standard_normal((2, 16, 16, 8))
tokens, painted = rng.standard_normal((2, 3, 16)), rng.standard_normal((2, 8, 8, 3))
x, image, cache = stage_forward(params["stages"][1], below, tokens, painted, plan)
x_library, image_library, cache_library = stage.forward(params["stages"][1], below, tokens, painted, plan, HOW)
dx, dimage = rng.standard_normal(x.shape), rng.standard_normal(image.shape)
print("a stage that paints and hands on, ours and the library's:")
compare("x", x, x_library)
compare("image", image, image_library)
*gradients, grads = stage_backward(dx, dimage, cache, plan)
*gradients_library, grads_library = stage.backward(dx, dimage, cache_library)
for name, ours, theirs in zip(("dx", "dtokens", "dimage"), gradients, gradients_library, strict=True):
    compare(name, ours, theirs)
compare("the gradients of all leaves", flat(grads, grads_library), flat(grads_library, grads_library))

# %% [markdown]
# (`flat` lays all leaves of a tree, a dict of dicts of arrays, in one long array, with `tree.gather`: one line compares
# them all.)
#
# ## All stages
#
# Up: z makes the first map by a linear layer with output axes (8, 8, C0), and the tokens; then stage by stage. Down:
# the loss sends dimage into the last stage, whose dx is None. The tokens were read by every stage, so dtokens is a sum;
# and z was read twice, for the map and for the tokens.


# %%
def forward(params, z):
    cache = {"stages": []}
    x, cache["start"] = linear.forward(params["start"], z)
    tokens, cache["tokens"] = latent_tokens.forward(params["tokens"], z, HOW)
    image = None
    for plan, stage_params in zip(config.stages, params["stages"], strict=True):
        x, image, stage_cache = stage_forward(stage_params, x, tokens, image, plan)
        cache["stages"].append(stage_cache)
    return image, cache


def backward(dimage, cache):
    """Returns dz, grads, and the size of what reaches each stage."""
    grads, dx, dtokens, sizes = {"stages": []}, None, 0.0, []
    for plan, stage_cache in zip(reversed(config.stages), reversed(cache["stages"]), strict=True):
        dx, dtokens_here, dimage, stage_grads = stage_backward(dx, dimage, stage_cache, plan)
        dtokens = dtokens + dtokens_here
        grads["stages"].insert(0, stage_grads)
        sizes.insert(0, [float(np.sqrt((gradient**2).mean())) for gradient in (dx, dtokens_here)])
    dz_map, grads["start"] = linear.backward(dx, cache["start"])
    dz_tokens, grads["tokens"] = latent_tokens.backward(dtokens, cache["tokens"])
    return dz_map + dz_tokens, grads, sizes


images, cache = forward(params, z)
images_library, cache_library = hit.forward(params, z, config)
dimages = rng.standard_normal(images.shape)
dz, grads, sizes = backward(dimages, cache)
dz_library, grads_library = hit.backward(dimages, cache_library)
print("the generator, ours and the library's:")
compare("images", images, images_library)
compare("dz", dz, dz_library)
compare("the gradients of all leaves", flat(grads, params), flat(grads_library, params))
compare("dz by nudges", dz, gradcheck.numerical_gradient(lambda z: (dimages * forward(params, z)[0]).sum(), z))

# %% [markdown]
# And all of its numbers against nudges, along one random direction through all of them. (`tree.views` is the opposite
# of our `flat`: it makes a tree of one long array.)

# %%
numbers = flat(params, params)
direction = rng.standard_normal(numbers.shape)
slope = gradcheck.directional_derivative(
    lambda numbers: (dimages * forward(tree.views(numbers, params), z)[0]).sum(), numbers, direction)
compare(f"the loss along a direction through {len(numbers):,} numbers", flat(grads, params) @ direction, slope)
for plan, (of_map, of_tokens) in zip(config.stages, sizes, strict=True):
    print(f"  stage {plan.index}: the map's gradient {of_map:.2f}, what the tokens get {of_tokens:.2f}")

# %% [markdown]
# *Question.* Why does stage 0 not paint? It attends. In HiT only stages without self-attention paint; the small maps
# below them are thinking. If nothing is painted, dimage passes by untouched, and stage 0 learns through x alone.


# %%
def box(axes, place, words, colour):
    axes.text(*place, words, ha="center", va="center", fontsize=9,
              bbox={"boxstyle": "round", "facecolor": colour, "edgecolor": "grey"})


def arrows(axes, start, end, up, down):
    """Two arrows side by side, labelled with what travels up and what comes down."""
    for words, colour, (tail, head), side in [(up, "black", (start, end), -1), (down, "crimson", (end, start), 1)]:
        shift = np.array([0.1 * side, 0.0]) if start[0] == end[0] else np.array([0.0, -0.1 * side])
        (x0, y0), (x1, y1) = tail + shift, head + shift
        axes.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "-|>", "color": colour, "shrinkA": 14,
                                                          "shrinkB": 14})
        axes.text((x0 + x1) / 2 + 3 * shift[0], (y0 + y1) / 2 + 2 * shift[1], words, color=colour, fontsize=8,
                  ha="right" if shift[0] < 0 else "left" if shift[0] > 0 else "center", va="center")


with picture(11, 6) as drawn:
    axes = drawn.subplots()
    places = {"z": (2.0, 0.0), "tokens": (0.0, 1.0), **{f"{i}": (2.0, 1.0 + i) for i in range(3)}}
    box(axes, places["z"], f"z ({config.latent})", "#f5e6cf")
    box(axes, places["tokens"], f"tokens ({config.tokens}, {config.channels[0]})", "#f5e6cf")
    arrows(axes, places["z"], places["tokens"], "", "dz")
    arrows(axes, places["z"], places["0"], "8 x 8 x 16", "dz")
    for i, plan in enumerate(config.stages):
        kind = "attends in windows" if plan.window else "pointwise"
        box(axes, places[f"{i}"], f"stage {i}: {plan.side} x {plan.side} x {plan.channels}\n{kind}", "#cfe3f5")
        axes.annotate("", (1.3, 1.0 + i), (0.35, 1.06), arrowprops={"arrowstyle": "-|>", "color": "black", "ls": ":"})
        axes.annotate("", (0.35, 0.9), (1.3, 0.94 + i), arrowprops={"arrowstyle": "-|>", "color": "crimson", "ls": ":"})
        if i < 2:
            following = config.stages[i + 1]
            arrows(axes, places[f"{i}"], places[f"{i + 1}"],
                   f"x, {following.side} x {following.side} x {following.channels}", "dx")
        if plan.rgb:
            box(axes, (4.4, 1.0 + i), f"image {plan.side} x {plan.side} x 3", "#d9f0d3")
            arrows(axes, (2.75, 1.0 + i), (3.8, 1.0 + i), "colours", "dimage")
    arrows(axes, (4.4, 2.0), (4.4, 3.0), "upsample", "sum of 2 x 2")
    axes.text(0.1, 2.3, "every stage reads the tokens:\ndtokens is a sum", fontsize=8, color="crimson", ha="center")
    axes.text(4.4, 3.5, "loss", ha="center")
    axes.set(xlim=(-0.9, 5.4), ylim=(-0.3, 3.7), title="three things travel up, three gradients down")
    axes.set_axis_off()

# %% [markdown]
# ## The published sizes
#
# The networks of the paper are this with larger numbers. (Their norm is batch norm; then `hit.forward` also takes the
# running averages.)

# %%
for name in ("hit-128", "hit-256", "hit-1024"):
    published = PRESETS[name].generator
    count = tree.size(hit.init(None, published))                          # without a random generator: blank arrays
    print(f"{name:<8} {len(published.stages)} stages, {count:>10,} numbers")
assert tree.size(hit.init(None, PRESETS["hit-256"].generator)) == 46_217_670

# %% [markdown]
# ## All of a step
#
# `minihit trace` makes one training step and prints every call of it, indented below the one that made it: shapes, mean
# and standard deviation of what comes out, on the way back those of the gradient. This shows the generator's half, five
# calls deep:
#
#     minihit trace --only generator --depth 5
#
# ## Exercise
#
# Four lines are missing in the backward pass of a stage. Find what belongs there:
# `tutorials/exercises/13_the_generator.py`.
#
#     minihit learn check 13
