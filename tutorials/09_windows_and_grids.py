# %% [markdown]
# # 2. Attention in windows and grids
#
# Full self-attention lets every pixel ask every other: an image of n pixels costs n * n products. HiT gives half of the
# heads to *block attention* (pixels of one window) and half to *grid attention* (pixels at the same place of every
# window), and steers every stage by *cross-attention* to 16 latent tokens. Here all three are written as loops, as
# masks, and as the library computes them; then the products are counted. Read it beside `minihit/ops/window_split.py`,
# `minihit/ops/attend.py` and `minihit/layers/multi_axis_attention.py`. With a file name it also draws the masks:
#
#     python tutorials/02_attention_in_windows_and_grids.py [masks.png]

# %%
import math
import sys

import numpy as np

from minihit import gradcheck
from minihit.layers import cross_attention, multi_axis_attention
from minihit.ops import attend, window_merge, window_split
from minihit.presets import PRESETS
from minihit.show.figures import figure

rng = np.random.default_rng(0)

# %% [markdown]
# ## Which pixels meet
#
# `window_split` cuts (B, H, W, C) into (B, G, P, C): G windows of P pixels. Split an image whose pixels are numbered
# and the two axes can be read off: a row of the table is a window, a column is a place inside the windows.

# %%
SIDE, WINDOW = 6, (3, 3)
numbered = np.arange(SIDE * SIDE).reshape(1, SIDE, SIDE, 1)
table = window_split.forward(numbered, WINDOW)[0][0, :, :, 0]             # (G, P)
print(f"{SIDE} x {SIDE} pixels, numbered row by row, in {len(table)} windows of {table.shape[1]}:")
print(table)
np.testing.assert_array_equal(table[0], [0, 1, 2, 6, 7, 8, 12, 13, 14])  # one window
np.testing.assert_array_equal(table[:, 0], [0, 3, 18, 21])               # the first place of every window
np.testing.assert_array_equal(window_merge.forward(table[None, :, :, None], WINDOW, SIDE)[0], numbered)


# %% [markdown]
# As a mask over all pairs of pixels: may pixel i attend to pixel j? Here are the answers for one pixel, marked @.


# %%
def masks(side, window):
    """{"block", "grid": (HW, HW) booleans}: i and j are in the same window, or at the same place of their windows."""
    places = window_split.forward(np.arange(side * side).reshape(1, side, side, 1), window)[0][0, :, :, 0]
    group, place = np.empty((2, side * side), int)
    group[places], place[places] = np.indices(places.shape)
    return {"block": group[:, None] == group, "grid": place[:, None] == place}


def show(mask, pixel, side):
    """Text art of the pixels that one pixel attends to, one string per row of the image."""
    cells = np.where(mask[pixel], "#", ".").astype(object)
    cells[pixel] = "@"
    return [" ".join(row) for row in cells.reshape(side, side)]


def show_beside(named_masks, pixel, side):
    print("   ".join(f"{name:<{2 * side - 1}}" for name in named_masks))
    for rows in zip(*(show(mask, pixel, side) for mask in named_masks.values()), strict=True):
        print("   ".join(rows))


multi_axis = masks(SIDE, WINDOW)
show_beside({**multi_axis, "both": multi_axis["block"] | multi_axis["grid"]}, 8, SIDE)

# %% [markdown]
# Two steps reach everywhere: from i to the pixel of i's window at j's place (block), and on to j (grid). There is
# exactly one such path between any two pixels, so one layer of each connects the whole image.

# %%
paths = multi_axis["block"].astype(int) @ multi_axis["grid"].astype(int)
print("paths of two steps between any two pixels:", np.unique(paths))
assert (paths == 1).all()

# %% [markdown]
# ## Attention as loops
#
# One query asks a list of keys and takes the average of their values, weighted by softmax(query . key / sqrt(D)). With
# *multi-query* attention all N heads have a query of their own and share one key and one value.


# %%
def ask(query, keys, values):
    """query (D,), keys and values (K, D) -> (D,)"""
    scores = np.array([query @ key for key in keys]) / math.sqrt(len(query))
    weights = np.exp(scores - scores.max())
    return sum(weight * value for weight, value in zip(weights / weights.sum(), values, strict=True))


N, D = 4, 2                                                # heads, width of a head
G, P = table.shape
query, key, value = (rng.standard_normal((G, P, heads, D)) for heads in (N, 1, 1))
looped = np.empty((G, P, N, D))
for g in range(G):
    for p in range(P):
        for n in range(N):
            if n < N // 2:                                 # block: all pixels of window g
                looped[g, p, n] = ask(query[g, p, n], key[g, :, 0], value[g, :, 0])
            else:                                          # grid: place p of all windows
                looped[g, p, n] = ask(query[g, p, n], key[:, p, 0], value[:, p, 0])

# %% [markdown]
# ## The same as products
#
# Block attention is a batch of G attentions over P pixels. Grid attention is the very same call after `swapaxes`: a
# batch of P attentions over G windows. And as the heads share their key, they are only more query rows: N heads of P
# queries fold into one (P N, D) matrix, and a window costs one product with its keys instead of N small ones. That is
# what the tuned twin does, `minihit/ops/fast/attend.py`; the definition, `minihit/ops/attend.py`, keeps them apart.

# %%
block, cache = attend.forward(query[:, :, :N // 2], key, value)
grid, _ = attend.forward(*(x.swapaxes(0, 1) for x in (query[:, :, N // 2:], key, value)))
np.testing.assert_allclose(np.concatenate([block, grid.swapaxes(0, 1)], axis=2), looped, rtol=1e-12)
print(f"queries of {N // 2} heads and {P} pixels, folded: {cache['query'].shape} against keys {cache['key'].shape}")
assert cache["query"].shape == (G, P * N // 2, D)
assert cache["key"].shape == (G, P, D)
assert cache["probs"].shape == (G, N // 2, P, P)

# %% [markdown]
# ## The layer
#
# `multi_axis_attention` puts linear maps around this: x -> query, key, value, and the heads -> y. Here it is as *full*
# attention over all pixels in which a mask forbids most pairs, the slow definition, and the two are equal. So windows
# change nothing about attention except who is asked, and all work on forbidden pairs is saved.


# %%
def masked_attention(params, x, head_masks):
    """Full attention over HW pixels, head n masked by head_masks[n]; x (B, H, W, C)."""
    pixels = x.reshape(len(x), -1, x.shape[-1])                           # (B, HW, C)
    query, key, value = (np.einsum("bpc,cnd->bpnd", pixels, params[name]["weight"]) + params[name]["bias"]
                         for name in ("query", "key", "value"))
    scores = np.einsum("bind,bjd->bnij", query, key[:, :, 0]) / math.sqrt(query.shape[-1])
    scores = np.where(np.stack(head_masks), scores, -np.inf)
    probs = np.exp(scores - scores.max(axis=-1, keepdims=True))
    probs /= probs.sum(axis=-1, keepdims=True)
    out = np.einsum("bnij,bjd->bind", probs, value[:, :, 0])
    y = np.einsum("bpnd,ndc->bpc", out, params["out"]["weight"]) + params["out"]["bias"]
    return y.reshape(x.shape), probs


def layer(params, x, window, axes):
    """The library's layer on an image."""
    y, cache = multi_axis_attention.forward(params, window_split.forward(x, window)[0], axes)
    return window_merge.forward(y, window, x.shape[1])[0], cache


C = N * D
x = rng.standard_normal((2, SIDE, SIDE, C))
params = gradcheck.perturb(multi_axis_attention.init(rng, C, N), rng)
y, cache = layer(params, x, WINDOW, ("block", "grid"))
expected, probs = masked_attention(params, x, [multi_axis["block"]] * 2 + [multi_axis["grid"]] * 2)
np.testing.assert_allclose(y, expected, rtol=1e-10)
kept = {axis: cache[axis]["probs"].shape for axis in ("block", "grid")}
print("the layer equals masked full attention; it keeps probs of", kept, "instead of", probs.shape)

# %% [markdown]
# ## Axial and full attention are special windows
#
# Make each window one row of the image: block attention runs along rows and grid attention along columns, which is
# axial attention. Make one window the whole image: block attention is full attention. No other code is needed.

# %%
full = masks(SIDE, (SIDE, SIDE))
axial = masks(SIDE, (1, SIDE))
show_beside({"row": axial["block"], "column": axial["grid"], "full": full["block"]}, 8, SIDE)
for name, window, axes, head_masks in [
    ("axial", (1, SIDE), ("block", "grid"), [axial["block"]] * 2 + [axial["grid"]] * 2),
    ("full", (SIDE, SIDE), ("block",), [full["block"]] * 4),
]:
    y, _ = layer(params, x, window, axes)
    np.testing.assert_allclose(y, masked_attention(params, x, head_masks)[0], rtol=1e-10, err_msg=name)

# %% [markdown]
# ## Cross-attention
#
# The queries come from the pixels, keys and values from 16 tokens made of z, wider or narrower than the pixels. The
# same tokens serve all stages. Every pixel asks for itself, so an image of any size costs 16 products a pixel.

# %%
TOKENS, C0 = 16, 12
tokens = rng.standard_normal((2, TOKENS, C0))
params = gradcheck.perturb(cross_attention.init(rng, C, N, C0), rng)
y, cache = cross_attention.forward(params, x, tokens)
query, key, value = (np.einsum("...c,cnd->...nd", source, params[name]["weight"]) + params[name]["bias"]
                     for name, source in [("query", x), ("key", tokens), ("value", tokens)])
out = np.empty_like(query)
for index in np.ndindex(query.shape[:-1]):                                # image, row, column, head
    out[index] = ask(query[index], key[index[0], :, 0], value[index[0], :, 0])
expected = np.einsum("bhwnd,ndc->bhwc", out, params["out"]["weight"]) + params["out"]["bias"]
np.testing.assert_allclose(y, expected, rtol=1e-10)
print("cross-attention: x", x.shape, "asks tokens", tokens.shape, "-> probs", cache["attend"]["probs"].shape)

# %% [markdown]
# ## What it costs
#
# Every probability costs D multiply-adds for its score and D for its share of the output, so the cost can be counted:
# 2 D times the number of probabilities in the cache. With n = H W pixels, n = G P:
#
#     full    2 n n C            block + grid    n P C + n G C            cross    2 n T C
#
# With a window that grows with the image, P = G = sqrt(n), doubling the side makes full attention 16 times as
# expensive, block + grid 8 times, and what works pixel by pixel 4 times: that one alone is linear in the pixels.


# %%
def count(side, kind, c=4, heads=2):
    """Multiply-adds of scores and weighted sums, counted from the probabilities in the layer's cache."""
    x, window = np.zeros((1, side, side, c)), (math.isqrt(side),) * 2
    if kind == "cross":
        params = cross_attention.init(None, c, heads, c)
        caches = [cross_attention.forward(params, x, np.zeros((1, TOKENS, c)))[1]["attend"]]
    else:
        window, axes = ((side, side), ("block",)) if kind == "full" else (window, ("block", "grid"))
        cache = layer(multi_axis_attention.init(None, c, heads), x, window, axes)[1]
        caches = [cache[axis] for axis in axes]
    return sum(2 * c // heads * cache["probs"].size for cache in caches)


print("side      full   block + grid   cross      (multiply-adds, 4 channels)")
for side in (4, 16):                                                      # windows of side 2 and 4
    n = side * side
    counted = {kind: count(side, kind) for kind in ("full", "multi_axis", "cross")}
    print(f"{side:>4} {counted['full']:>9,} {counted['multi_axis']:>14,} {counted['cross']:>7,}")
    assert counted == {"full": 2 * n * n * 4, "multi_axis": 2 * n * side * 4, "cross": 2 * n * TOKENS * 4}

# %% [markdown]
# HiT's stages have self-attention up to a side of 64, in windows of side 4 or 8, and above that none. So a larger image
# adds nothing to self-attention, and the cross-attention of its new stages is linear in the pixels. This is what the
# paper's abstract calls nearly linear.


# %%
def self_attention(stage):
    n, p = stage.side**2, math.prod(stage.window)
    return stage.layers * n * (p + n // p) * stage.channels


def full_attention(stage):
    return stage.layers * 2 * stage.side**4 * stage.channels


costs = {}
print("multiply-adds of attention for one image, and were every block full self-attention:")
print("preset      pixels  self-attention  cross-attention                full")
for name in ("hit-128", "hit-256", "hit-1024"):
    config = PRESETS[name].generator
    inner = sum(self_attention(stage) for stage in config.stages if stage.window)
    cross = sum(2 * stage.side**2 * config.tokens * stage.channels for stage in config.stages)
    full_cost = sum(full_attention(stage) for stage in config.stages)
    costs[name] = inner, cross, full_cost
    print(f"{name:<8} {config.size**2:>9,} {inner:>15,} {cross:>16,} {full_cost:>19,}")
growth = [here / before for here, before in zip(costs["hit-1024"], costs["hit-256"], strict=True)]
print("from 256 to 1024, 16 times the pixels: self {:.0f}, cross {:.1f}, full {:.0f} times".format(*growth))
assert costs["hit-1024"][0] == costs["hit-256"][0] == costs["hit-128"][0]
assert growth[1] < 16 < growth[2]

# %% [markdown]
# ## The masks as a picture


# %%
def draw(path, named_masks):
    """Write the (HW, HW) masks side by side; dark where the pixel of the row attends to the pixel of the column."""
    with figure(path, 3 * len(named_masks), 3.4) as drawn:
        for axes, (name, mask) in zip(drawn.subplots(1, len(named_masks)), named_masks.items(), strict=True):
            axes.imshow(mask, cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
            axes.set(title=name, xlabel="attended pixel", ylabel="pixel")


for path in [name for name in sys.argv[1:] if name.endswith(".png")]:     # what a notebook's kernel is given is none
    draw(path, {**multi_axis, "axial row": axial["block"], "axial column": axial["grid"], "full": full["block"]})
    print("the masks are drawn in", path)
