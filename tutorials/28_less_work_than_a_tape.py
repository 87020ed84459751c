# %% [markdown]
# # 28. Less work than a tape
#
# A tape is what deep-learning frameworks keep: a list of the operations of the forward pass, through which they then
# walk back. Who writes the backward pass by hand may do less, and may choose when. Four such choices make the training
# step quick on a CPU: fewer passes through the discriminator, fewer multiplications in a convolution, a hidden layer
# that never leaves the cache, and a batch on threads that meet only where they must. Each is shown here on the real
# code, with what it saves counted; what the clock says stands at the end. `minihit/ops/X.py` says what an op computes,
# `minihit/ops/fast/X.py` how it is done in less time. You need chapters 0 to 19.

# %%
import numpy as np

from minihit import cost, parallel, tree
from minihit.layers import batch_norm, linear, mlp
from minihit.models import discriminator
from minihit.ops import conv2d, feed_forward, gelu
from minihit.ops.fast import winograd
from minihit.ops.fast.strips import WIDE_STRIP
from minihit.presets import PRESETS
from minihit.show import lesson

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def compare(what, ours, expected):
    """As everywhere, beside the largest value: all is float32 here, seven digits."""
    lesson.compare(what, ours / abs(expected).max(), expected / abs(expected).max(), atol=1e-4)


# %% [markdown]
# ## A question
#
# A linear layer of 1,000 rows, 64 channels in and 64 out: how many multiplications is its forward pass? 1,000 * 64 *
# 64, 4 million. And its backward? As many for dx, and as many for dW. So if each of these is called a *pass*, training
# takes three passes for each layer, and whatever saves a pass saves that.
#
# ## Fewer passes through the discriminator
#
# A pass takes every layer's product once. For one step with R1 a tape takes ten. Four for the fakes: forward, an input
# gradient for each network's loss, the weight gradient. Six for the reals: forward, the image gradient, and on the way
# back from loss and penalty the tangent, the loss's input gradient and a weight gradient each. By hand it is seven: one
# backward pass started with ones serves every loss, and loss and penalty share one weight product (chapters 18 and 19).

# %%
preset = PRESETS["celeba-64"]
g, d = cost.total(cost.generator_rows(preset.generator)), cost.total(cost.discriminator_rows(preset.discriminator))
giga = {"the generator, three passes": 3 * 2 * g.multiply_adds / 1e9,
        "the discriminator, ten passes": 10 * 2 * d.multiply_adds / 1e9,
        "the discriminator, seven passes": 7 * 2 * d.multiply_adds / 1e9}
print("GFLOP of a step of celeba-64 with R1, each image:")
for name, flop in giga.items():
    print(f"  {name:<34} {flop:6.1f}")

# %% [markdown]
# The seven are what `objectives/gan.py` calls, and nothing else touches the images: for the fakes `forward`,
# `logit_gradients` and `weight_gradient`, for the reals a `tangent` more.

# %%
tiny = PRESETS["faces-32"]
params = discriminator.init(rng, tiny.discriminator)
images = normal(4, 32, 32, 3)
logits, cache = discriminator.forward(params, images, tiny.discriminator)
gradient, deltas = discriminator.logit_gradients(cache)
_, tangents = discriminator.tangent(gradient, cache)
seeds = normal(4)
together = discriminator.loss_gradients(seeds, cache, (gradient, deltas), gradient)
apart = tree.add(discriminator.weight_gradient(deltas, cache, seeds),
                 discriminator.weight_gradient(deltas, cache, 0 * seeds, tangents))
print("loss and penalty in one product per layer, or in two:")
compare("blocks/1/conv2/weight", together["blocks"][1]["conv2"]["weight"], apart["blocks"][1]["conv2"]["weight"])

# %% [markdown]
# ## Fewer multiplications in a convolution
#
# A 3 x 3 convolution makes a 2 x 2 square of outputs with 36 multiplications per pair of channels. Winograd's way mixes
# the 4 x 4 pixels that the square reads and the kernel's 9 weights, multiplies 16 pairs, and mixes the products. Mixing
# is addition and serves all channels at once, so with many channels 16 matrix products are nearly all of the work.

# %%
x, weight = normal(2, 16, 16, 64), normal(3, 3, 64, 64) / 24
padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
tiles = winograd.transform_input(padded)                               # (16, tiles, C)
kernel = winograd.transform_kernel(weight)                             # (16, C, C')
shifted = sum(padded[:, i:i + 16, j:j + 16] @ weight[i, j] for i in range(3) for j in range(3))
print(f"multiplications: {9 * x.size * 64:,} by definition, {tiles.size * 64:,} on tiles")
assert 36 * tiles.size == 16 * 9 * x.size
y, cache = conv2d.forward(x, weight)
compare("a convolution", y, shifted)

# %% [markdown]
# The gradient of the weights is a product of the same tiles, so it is as cheap: the transpose of every mixing, in
# reverse order.

# %%
dy = normal(2, 16, 16, 64)
by_shifts = np.stack([np.stack([np.einsum("bhwc,bhwd->cd", padded[:, i:i + 16, j:j + 16], dy) for j in range(3)])
                      for i in range(3)])
compare("its weight's gradient", conv2d.weight_gradient(dy, cache), by_shifts)

# %% [markdown]
# ## A hidden layer that never leaves the cache
#
# The MLP widens every pixel four times, applies GELU and narrows it again. Whole, the hidden layer of a 64 x 64 map of
# 64 channels takes 4 MiB an image: written by the first product, read and written by GELU, read by the second. All
# three treat rows alone, so a *strip* of rows can go through the chain at once. Backward reads only the hidden layer
# from memory and computes GELU and its slope again, which is no slower, and halves what a forward pass must keep.

# %%
layer = {name: leaf for name, leaf in mlp.init(rng, 64).items() if name != "norm"}
rows = normal(4096, 64)
weights = [layer[name][part] for name in ("expand", "contract") for part in ("weight", "bias")]
y, cache = feed_forward.forward(rows, *weights)
h, expand = linear.forward(layer["expand"], rows)
active, slope = gelu.forward(h)
whole, contract = linear.forward(layer["contract"], active)
kept = {"whole": h.nbytes + slope["slope"].nbytes, "in strips": cache["hidden"].nbytes}
print(f"rows in a strip: {WIDE_STRIP // 256} of {len(rows)}")
print("kept for backward: " + ", ".join(f"{name} {size / 2**20:.0f} MiB" for name, size in kept.items()))
compare("the MLP", y, whole)

# %%
dy = normal(4096, 64)
dx, dexpand, *_ = feed_forward.backward(dy, cache)
dh, _ = linear.backward(dy, contract)
dx_whole, expand_grads = linear.backward(gelu.backward(dh, slope), expand)
compare("its input's gradient", dx, dx_whole)
compare("its first weight's gradient", dexpand, expand_grads["weight"])

# %% [markdown]
# ## A batch on threads
#
# NumPy's elementwise operations run on one core. The images of a batch are therefore cut into *lanes*, a thread each
# with single-threaded products. The discriminator treats each image alone, so its lanes never meet. Batch norm needs
# the mean over all images: there every lane hands in its sum and waits for the total, which it is handed as a function.

# %%
x, params = normal(8, 4, 4, 3), batch_norm.init(3)
at_once, _ = batch_norm.forward(params, x)
parts = [slice(0, 3), slice(3, 8)]
(lanes,) = parallel.groups(lambda part, total: batch_norm.forward(params, x[part], total=total)[0], [parts])
print("batch norm over two lanes:")
compare("its output", np.concatenate(lanes), at_once)

# %% [markdown]
# ## What the clock says
#
# A step of celeba-64 with R1, 16 images, float32, two cores of an AMD EPYC server, whose own speed varies by a fifth.
# PyTorch 2.15 took 3.9 s as one writes it and 2.5 s tuned (`examples/torch_peer.py`); this code takes 2.5 s. Kept, each
# pair of numbers measured on one day:
#
# | choice | what counting promises | before | after |
# |---|---|---|---|
# | one backward pass of D for all losses, one weight product | 7 passes of 0.12 s for 10 | 1.2 s | 0.84 s |
# | two lanes of 8 images instead of products on two threads | two cores for what ran on one | 4.5 s | 2.9 s |
# | the MLP in strips of 1 MiB | hidden values cross memory once, not thrice | 2.9 s | 2.6 s |
# | GELU computed again in backward | half of what the MLP keeps | 1.71 GB | 1.35 GB, as quick |
# | Winograd from 64 channels on, four passes of D, 16 images | 16 multiplications for 36 | 0.71 s | 0.58 s |
# | memory that glibc keeps, faces-32 at batch 16 | no page cleared twice | 0.22 s | 0.18 s |
# | one heap for all threads | what one frees serves the other | 1.32 GB | 1.22 GB, as quick |
# | two lanes of 16 images instead of four of 8, faces-32 | half as many calls | 0.32 s | 0.28 s |
#
# What bounds it, by a sampling profiler: matrix products are 61% of the processor's time, a sixth of that for packing
# their operands; arithmetic value by value 21%, of which GELU is more than half; copying and clearing memory 9%. The
# products run at 75 to 92 GFLOP/s a core where large ones reach about 100. At that rate throughout, a lane would still
# take 1.3 s for products and 0.6 s for the rest: 1.9 s in all, three quarters of tuned PyTorch. Two threads together
# are 5 to 15% slower than one alone, as they share cache, memory and the interpreter's lock.

# %%
with lesson.picture(11, 3) as drawn:
    passes, products, kept_axes = drawn.subplots(1, 3)
    passes.barh(["generator", "D, a tape", "D, by hand"], list(giga.values()), color=["0.7", "0.7", "tab:blue"])
    passes.set(title="GFLOP of a step, each image", xlim=(0, 1.15 * max(giga.values())))
    products.barh(["by definition", "on tiles"], [9 * weight[0, 0].size * 16 * 16 * 2 / 1e6,
                                                   tiles.size * 64 / 1e6], color=["0.7", "tab:blue"])
    products.set_title("million multiplications of a 3 x 3 convolution")
    kept_axes.barh(list(kept), [size / 2**20 for size in kept.values()], color=["0.7", "tab:blue"])
    kept_axes.set_title("MiB kept of a hidden layer")
    for axes in (passes, products, kept_axes):
        axes.invert_yaxis()
        axes.title.set_fontsize(9)
