# %% [markdown]
# # 11. A transformer block
#
# Norm, attention, skip; norm, MLP, skip. There is no new gradient in this chapter. It puts together what you have, as
# HiT does, and then measures why it is put together just so. You need chapters 0 to 9.

# %%
import numpy as np

from minihit import gradcheck, tree
from minihit.layers import attention_block, layer_norm, linear, mlp, multi_axis_attention
from minihit.layers.norm import How
from minihit.ops import feed_forward, gelu
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)
LAYER = How("layer")                                       # which norm; chapter 5

# %% [markdown]
# ## A question
#
# A block makes the gradient that passes it a third smaller, say. What is left of it after 24 blocks? (2/3)^24, one part
# in 17,000. And if every block is y = x + f(x), and f alone makes a third of it? Then dx = dy + (dy's way through f),
# and however small the second is, dy itself arrives.

# %%
print(f"a third lost 24 times: 1 / {1.5**24:,.0f}")
assert 16_000 < 1.5**24 < 18_000

# %% [markdown]
# ## Two layers with a bend between them
#
# `feed_forward` is what chapter 2 ended with: a linear layer that makes the C channels of every pixel four times as
# many, GELU, and one that makes them C again. Its five gradients are chapter 1's three, twice, with a slope between:

# %%
G, P, C = 4, 9, 8
x, dy = rng.standard_normal((2, 2, G, P, C))
expand, contract = (gradcheck.perturb(linear.init(rng, *widths), rng) for widths in ((C, 4 * C), (4 * C, C)))
hidden, expand_cache = linear.forward(expand, x)
active, gelu_cache = gelu.forward(hidden)
by_hand, contract_cache = linear.forward(contract, active)
dactive, dcontract = linear.backward(dy, contract_cache)
dx_by_hand, dexpand = linear.backward(gelu.backward(dactive, gelu_cache), expand_cache)

y, cache = feed_forward.forward(x, expand["weight"], expand["bias"], contract["weight"], contract["bias"])
compare("feed_forward", y, by_hand)
for name, ours, theirs in zip(
        ("dx", "dexpand", "dexpand_bias", "dcontract", "dcontract_bias"),
        (dx_by_hand, dexpand["weight"], dexpand["bias"], dcontract["weight"], dcontract["bias"]),
        feed_forward.backward(dy, cache), strict=True):
    compare(name, theirs, ours)

# %% [markdown]
# ## The pointwise block
#
# `mlp` puts a norm before and a skip around it: y = x + feed_forward(norm(x)). It looks at one pixel at a time. x is
# read twice, by the norm and by the plus sign. The norm stands *inside*, beside the skip and not on it (pre-norm): so
# dy reaches x without passing anything at all.


# %%
def mlp_backward(dy, cache):
    dh = feed_forward.backward(dy, cache["feed_forward"])[0]
    dh, _ = layer_norm.backward(dh, cache["norm"])
    return dy + dh


params = gradcheck.perturb(mlp.init(rng, C), rng)
y, cache = mlp.forward(params, x, LAYER)
h, _ = layer_norm.forward(params["norm"], x)
active, _ = gelu.forward(linear.forward(params["expand"], h)[0])
compare("mlp", y, x + linear.forward(params["contract"], active)[0])
compare("mlp, dx", mlp.backward(dy, cache)[0], mlp_backward(dy, cache))

# %% [markdown]
# In the library's files the plus sign is an argument: whoever computes the last summand adds the *skip* to it while it
# has it in hand, on the way up x, on the way down dy.

# %%
weights = [params[name][part] for name in ("expand", "contract") for part in ("weight", "bias")]
compare("x + feed_forward", feed_forward.forward(h, *weights, skip=x)[0], y)
dh = feed_forward.backward(dy, cache["feed_forward"])[0]
compare("dy + the norm's dx", layer_norm.backward(dh, cache["norm"], skip=dy)[0], mlp_backward(dy, cache))

# %% [markdown]
# ## The attention block
#
# x + attention(norm(x)), then the pointwise block. Attention moves things between pixels, the MLP makes something of
# them at each pixel. Read upwards:


# %%
def block_backward(dy, cache):
    """dx and the two gradients that meet in it."""
    dmiddle = mlp_backward(dy, cache["mlp"])                              # what stands between the two halves
    dh, _ = multi_axis_attention.backward(dmiddle, cache["attention"])
    dh, _ = layer_norm.backward(dh, cache["norm"])
    return dmiddle + dh, dmiddle, dh


params = gradcheck.perturb(attention_block.init(rng, C, 4), rng)
y, cache = attention_block.forward(params, x, ("block", "grid"), LAYER)
dx, grads = attention_block.backward(dy, cache)
dx_by_hand, along_skip, through_attention = block_backward(dy, cache)
compare("attention_block, dx", dx, dx_by_hand)
for name, part in {"the skip": along_skip, "attention": through_attention}.items():
    print(f"  through {name} alone it is off by {abs(part - dx).max():.2f}")
    assert abs(part - dx).max() > 0.01
for row in gradcheck.check_layer(attention_block, params, x, rng, axes=("block", "grid"), how=LAYER):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# *Question.* Where are the weights? Query and out have C * C each, key and value C * D; expand and contract have 4 C *
# C each. So with 16 channels and 4 heads, three quarters are the MLP's.

# %%
sizes = {name: tree.size(part) for name, part in attention_block.init(rng, 16, 4).items()}
print("numbers in a block of 16 channels:", sizes)
assert sizes["mlp"] > 0.7 * sum(sizes.values())

# %% [markdown]
# ## Twenty-four of them
#
# Stack pointwise blocks of 32 channels, send a random gradient down from the top, and write down its size, the root of
# its mean square, below every block. Then the same without skips, and without norms; once with weights that are a
# little too small, once with weights that are too large.


# %%
def stack(skips, norms, factor, depth=24, channels=32):
    """The size of the gradient below each block, from the bottom, and how like the top's it is at the bottom.

    Weights are `factor` times as large as those that keep the size of what passes.
    """
    rng = np.random.default_rng(0)
    x, caches = rng.standard_normal((64, channels)), []
    blocks = [(factor * rng.standard_normal((channels, 4 * channels)) * channels**-0.5,
               factor * rng.standard_normal((4 * channels, channels)) * (4 * channels)**-0.5) for _ in range(depth)]
    unit = {"scale": np.ones(channels), "bias": np.zeros(channels)}
    for expand, contract in blocks:
        h, norm_cache = layer_norm.forward(unit, x) if norms else (x, None)
        h, cache = feed_forward.forward(h, expand, np.zeros(4 * channels), contract, np.zeros(channels))
        caches.append((norm_cache, cache))
        x = x + h if skips else h
    dy = dx = rng.standard_normal(x.shape)
    sizes = []
    for norm_cache, cache in reversed(caches):
        dh = feed_forward.backward(dx, cache)[0]
        dh = layer_norm.backward(dh, norm_cache)[0] if norms else dh
        dx = dx + dh if skips else dh
        sizes.insert(0, np.sqrt((dx**2).mean()))
    return sizes, (dx * dy).sum() / np.sqrt((dx**2).sum() * (dy**2).sum())


WAYS = {"skips and norms": (True, True), "norms alone": (False, True), "skips alone": (True, False),
        "neither": (False, False)}
FACTORS = {0.7: "weights too small", 2.5: "weights too large"}
found = {(name, factor): stack(*way, factor) for name, way in WAYS.items() for factor in FACTORS}
print("size of the gradient below 24 blocks; at the top it is 1")
for name in WAYS:
    print(f"  {name:<16}", *(f"{words} {found[name, factor][0][0]:.0e}  " for factor, words in FACTORS.items()),
          f"likeness {found[name, 0.7][1]:.2f}")
assert all(0.1 < found["skips and norms", factor][0][0] < 100 for factor in FACTORS)
assert found["neither", 0.7][0][0] < 1e-9
assert found["skips alone", 2.5][0][0] > 1e9
assert abs(found["norms alone", 0.7][1]) < 0.2 < 0.4 < found["skips and norms", 0.7][1]

# %%
with picture(10, 3.6) as drawn:
    for axes, (factor, words) in zip(drawn.subplots(1, 2, sharey=True), FACTORS.items(), strict=True):
        for name in WAYS:
            axes.semilogy(range(1, 25), found[name, factor][0], label=name)
        axes.set(title=f"size of the gradient on the way down, {words}", xlabel="block", ylim=(1e-9, 1e12))
        axes.title.set_fontsize(9)
        axes.invert_xaxis()
        axes.legend(fontsize=8)

# %% [markdown]
# Norms make the size of weights matter little, in both directions: the norm's backward multiplies by rstd, which is
# large where x is small. Skips alone let nothing vanish, but whatever is large is added again and again. "Norms alone"
# looks as good as both. But look at the likeness, the cosine of the angle between what went in at the top and what
# arrived: 24 random layers have turned the gradient about, while with skips dy itself is in it still.
#
# ## Exercise
#
# Write the backward pass of the attention block in `tutorials/exercises/11_a_transformer_block.py`.
#
#     minihit learn check 11
