# %% [markdown]
# # 9. Windows and grids
#
# Full self-attention lets every pixel ask every other, or, as is said, *attend to* it: an image of n pixels costs n * n
# products of a query and a key. HiT gives half of the heads to *block attention* (pixels of one window) and half to
# *grid attention* (pixels at the same place of every window). Here both are written as loops, as masks, and as the
# library computes them; then the products are counted. Read it beside `minihit/ops/window_split.py` and
# `minihit/layers/multi_axis_attention.py` (`skip` there is for chapter 11). You need chapters 0 to 8.

# %%
import math

import numpy as np

from minihit import gradcheck
from minihit.layers import linear, multi_axis_attention
from minihit.ops import attend, window_merge, window_split
from minihit.presets import PRESETS
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# `window_split` cuts images (B, H, W, C) into (B, G, P, C): G *windows* of P pixels each. Number the pixels of a 6 x 6
# image row by row and cut it into windows of 3 x 3. Which pixels are in window 0? Which are at place 0 of the windows?
# Split an image whose only channel is the number, and read it off: a row of the table is a window, a column is a place.

# %%
SIDE, WINDOW = 6, (3, 3)
numbered = np.arange(SIDE * SIDE).reshape(1, SIDE, SIDE, 1)
table = window_split.forward(numbered, WINDOW)[0][0, :, :, 0]             # (G, P)
print(f"{SIDE} x {SIDE} pixels, numbered row by row, in {len(table)} windows of {table.shape[1]}:")
print(table)
assert table[0].tolist() == [0, 1, 2, 6, 7, 8, 12, 13, 14]                # one window
assert table[:, 0].tolist() == [0, 3, 18, 21]                             # the first place of every window

# %% [markdown]
# ## Moving is its own way back
#
# Splitting moves values and computes nothing. As a matrix on the list of all values it has a single 1 in each row and
# column, and of such a matrix the transpose is the inverse: what was moved there is moved back. So the backward of
# `window_split` is merging, and that of `window_merge`, which is told windows and the side of the image, splitting. The
# long way, with a loop over pixels:

# %%
B, C = 2, 8
(p, q), x = WINDOW, rng.standard_normal((B, SIDE, SIDE, C))
windows, split_cache = window_split.forward(x, WINDOW)                    # (B, G, P, C)
looped = np.empty_like(windows)
for row in range(SIDE):
    for column in range(SIDE):
        g = row // p * (SIDE // q) + column // q
        place = row % p * q + column % q
        looped[:, g, place] = x[:, row, column]
compare("window_split", windows, looped)
A = np.eye(SIDE * SIDE)[table.ravel()]                                    # row i has its 1 at the pixel which it takes
compare("as a matrix", (A @ x[0].reshape(-1, C)).reshape(windows[0].shape), windows[0])
compare("its transpose is its inverse", A.T @ A, np.eye(SIDE * SIDE))
dwindows = rng.standard_normal(windows.shape)
dx = window_split.backward(dwindows, split_cache)
compare("backward is A^T", dx[0].reshape(-1, C), A.T @ dwindows[0].reshape(-1, C))
compare("which is merging", dx, window_merge.forward(dwindows, WINDOW, SIDE)[0])
compare("merging what was split", window_merge.forward(windows, WINDOW, SIDE)[0], x)

# %% [markdown]
# ## Which pixels meet
#
# As a *mask* over all pairs of pixels: may pixel i attend to pixel j? Here are the answers for one pixel, marked @.


# %%
def masks(side, window):
    """{"block", "grid": (HW, HW) booleans}: i and j are in the same window, or at the same place of their windows."""
    places = window_split.forward(np.arange(side * side).reshape(1, side, side, 1), window)[0][0, :, :, 0]
    window_of, place_of = np.empty((2, side * side), int)                 # of each pixel, by its number
    window_of[places], place_of[places] = np.indices(places.shape)        # row and column of each entry of the table
    return {"block": window_of[:, None] == window_of, "grid": place_of[:, None] == place_of}


def show(mask, pixel, side):
    """Text art of the pixels that one pixel attends to, one string per row of the image."""
    cells = np.where(mask[pixel], "#", ".")
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
# exactly one such path between any two pixels, so one layer of each connects the whole image. Masks tell it by a
# product: entry (i, j) of block @ grid counts the pixels that i may ask by block and that may ask j by grid.
#
# In the picture are the pixels that pixel 8 asks, and, after two layers of both, those that reach it: all of them, the
# darker the more paths there are.

# %%
paths = multi_axis["block"].astype(int) @ multi_axis["grid"].astype(int)
print("paths of two steps between any two pixels:", np.unique(paths))
assert (paths == 1).all()

# %%
lit = 8
with picture(11, 3) as drawn:
    reached = {"pixel 8 asks its window: block": multi_axis["block"][lit],
               "and its place in every window: grid": multi_axis["grid"][lit],
               "one layer: both": multi_axis["block"][lit] | multi_axis["grid"][lit],
               "two layers: everywhere": ((multi_axis["block"] | multi_axis["grid"]).astype(int)
                                   @ (multi_axis["block"] | multi_axis["grid"]))[lit]}
    for axes, (title, reach) in zip(drawn.subplots(1, 4), reached.items(), strict=True):
        axes.imshow(reach.reshape(SIDE, SIDE), cmap="Greys", vmin=0)
        axes.plot(lit % SIDE, lit // SIDE, "o", color="crimson")
        axes.set(xticks=[2.5], yticks=[2.5], xticklabels=[], yticklabels=[])
        axes.grid(color="crimson", linewidth=0.8)
        axes.set_title(title, fontsize=9)

# %% [markdown]
# ## Block and grid attention, by loops
#
# The heads of chapter 8, and all of them share one key and one value for each pixel. The first half of the heads asks
# the pixels of the own window, the second half the own place of all windows.


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
    for place in range(P):
        for n in range(N):
            if n < N // 2:                                 # block: all pixels of window g
                looped[g, place, n] = ask(query[g, place, n], key[g, :, 0], value[g, :, 0])
            else:                                          # grid: this place of all windows
                looped[g, place, n] = ask(query[g, place, n], key[:, place, 0], value[:, place, 0])

# %% [markdown]
# ## The same as products
#
# Block attention is a batch of G attentions over P pixels, which is what `attend` makes of arrays (G, P, N, D): axes
# before the last three are a batch. Grid attention is the very same call after `swapaxes`, a batch of P attentions over
# G windows. Swapping moves values, so its backward is swapping back.

# %%
block, block_cache = attend.forward(query[:, :, :N // 2], key, value)
grid, grid_cache = attend.forward(*(x.swapaxes(0, 1) for x in (query[:, :, N // 2:], key, value)))
compare("two calls", np.concatenate([block, grid.swapaxes(0, 1)], axis=2), looped)

# %% [markdown]
# Back: each half of dout goes through its own attend. The queries of both halves stand side by side again. But the one
# key and the one value were read by both halves: these gradients add up.

# %%
dout = rng.standard_normal(looped.shape)
dquery_block, dkey_block, dvalue_block = attend.backward(dout[:, :, :N // 2], block_cache)
dquery_grid, dkey_grid, dvalue_grid = (
    x.swapaxes(0, 1) for x in attend.backward(dout[:, :, N // 2:].swapaxes(0, 1), grid_cache))


def loss(query, key, value):
    block, _ = attend.forward(query[:, :, :N // 2], key, value)
    grid, _ = attend.forward(*(x.swapaxes(0, 1) for x in (query[:, :, N // 2:], key, value)))
    return (dout * np.concatenate([block, grid.swapaxes(0, 1)], axis=2)).sum()


compare("dquery, side by side", np.concatenate([dquery_block, dquery_grid], axis=2), gradcheck.numerical_gradient(
    lambda query: loss(query, key, value), query))
compare("dkey, added", dkey_block + dkey_grid, gradcheck.numerical_gradient(lambda key: loss(query, key, value), key))
compare("dvalue, added", dvalue_block + dvalue_grid, gradcheck.numerical_gradient(
    lambda value: loss(query, key, value), value))

# %% [markdown]
# ## The layer
#
# `multi_axis_attention` puts linear layers around this: x -> query, key, value, and the heads -> y, whose params are
# called "out". x is read by three. This is all of its backward, in the library's words. (-2 is the axis of the heads,
# and ... in an index stands for all axes before.)


# %%
def swapped(axis, x):
    return x if axis == "block" else x.swapaxes(-4, -3)                   # (B, G, P, N, D) <-> (B, P, G, N, D)


def backward(dy, caches, attends):
    """caches of the four linear layers, and of attend along "block" and "grid"; returns dx and grads."""
    dout, dout_grads = linear.backward(dy, caches["out"])
    halves = {"block": dout[..., :N // 2, :], "grid": dout[..., N // 2:, :]}
    back = [[swapped(axis, x) for x in attend.backward(swapped(axis, half), attends[axis])]
            for axis, half in halves.items()]
    (dquery_b, dkey_b, dvalue_b), (dquery_g, dkey_g, dvalue_g) = back
    dx_query, query_grads = linear.backward(np.concatenate([dquery_b, dquery_g], axis=-2), caches["query"])
    dx_key, key_grads = linear.backward(dkey_b + dkey_g, caches["key"])
    dx_value, value_grads = linear.backward(dvalue_b + dvalue_g, caches["value"])
    return dx_query + dx_key + dx_value, {"query": query_grads, "key": key_grads, "value": value_grads,
                                          "out": dout_grads}


params = gradcheck.perturb(multi_axis_attention.init(rng, C, N), rng)
y, cache = multi_axis_attention.forward(params, windows)
dy = rng.standard_normal(y.shape)
dx, grads = multi_axis_attention.backward(dy, cache)
dx_by_hand, grads_by_hand = backward(dy, cache, cache)                    # the library's cache has the same names
compare("dx", dx, dx_by_hand)
for name, layer in grads.items():
    for leaf in layer:
        compare(f"{name}/{leaf}", layer[leaf], grads_by_hand[name][leaf])
for row in gradcheck.check_layer(multi_axis_attention, params, windows, rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")


# %% [markdown]
# *Question.* And if every head has a key and a value of its own, N of each (`multi_query=False`)? Then each half of the
# heads takes its half of the keys, and on the way back these halves stand side by side, like those of the queries;
# nothing is read by both. Which of the two it is, the number of the key's heads tells, 1 or N.

# %%
many = gradcheck.perturb(multi_axis_attention.init(rng, C, N, multi_query=False), rng)
print("key's weight, shared and not:", params["key"]["weight"].shape, many["key"]["weight"].shape)
y, cache = multi_axis_attention.forward(many, windows)
_, grads = multi_axis_attention.backward(dy, cache)
dout, _ = linear.backward(dy, cache["out"])
halves = {"block": dout[..., :N // 2, :], "grid": dout[..., N // 2:, :]}
dkeys = [swapped(axis, attend.backward(swapped(axis, half), cache[axis])[1]) for axis, half in halves.items()]
_, key_grads = linear.backward(np.concatenate(dkeys, axis=-2), cache["key"])
compare("the key's weight", grads["key"]["weight"], key_grads["weight"])

# %% [markdown]
# ## Masked full attention is the same
#
# Here is the slow definition: *full* attention over all pixels in which a mask forbids most pairs (a score of minus
# infinity has share 0). The two are equal. So windows change nothing about attention except who is asked, and all work
# on forbidden pairs is saved.


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
    """The library's layer on an image; axes: where the groups of heads attend."""
    y, cache = multi_axis_attention.forward(params, window_split.forward(x, window)[0], axes)
    return window_merge.forward(y, window, x.shape[1])[0], cache


y, cache = layer(params, x, WINDOW, ("block", "grid"))
expected, probs = masked_attention(params, x, [multi_axis["block"]] * 2 + [multi_axis["grid"]] * 2)
compare("the layer equals masked full attention", y, expected)
kept = {axis: cache[axis]["probs"].shape for axis in ("block", "grid")}
print("it keeps shares of", kept, "instead of", probs.shape)

# %% [markdown]
# ## Axial and full attention are special windows
#
# Make each window one row of the image: block attention runs along rows and grid attention along columns, which is
# called *axial*. Make one window the whole image: block attention is full attention. No other code is needed.

# %%
full = masks(SIDE, (SIDE, SIDE))
axial = masks(SIDE, (1, SIDE))
show_beside({"row": axial["block"], "column": axial["grid"], "full": full["block"]}, 8, SIDE)
for name, window, axes, head_masks in [
    ("axial", (1, SIDE), ("block", "grid"), [axial["block"]] * 2 + [axial["grid"]] * 2),
    ("full", (SIDE, SIDE), ("block",), [full["block"]] * 4),
]:
    y, _ = layer(params, x, window, axes)
    compare(name, y, masked_attention(params, x, head_masks)[0])

# %% [markdown]
# ## What it costs
#
# A *multiply-add* is a multiplication and the addition that follows it. Every share costs D of them for its score and D
# for its part of the output, so the cost can be counted: 2 D times the number of shares, which are kept in the cache
# under the name "probs". Of n = H W pixels, n = G P, each has N n shares in full attention; with windows N/2 P by block
# and N/2 G by grid. As N D = C, that is
#
#     full    2 n n C            block + grid    n P C + n G C
#
# With a window that grows with the image, P = G = sqrt(n), doubling the side makes full attention 16 times as
# expensive, block + grid 8 times, and what works pixel by pixel 4 times: that one alone is linear in the pixels.


# %%
def count(side, kind, c=4, heads=2):
    """Multiply-adds of scores and weighted sums, counted from the shares in the layer's cache."""
    x, window = np.zeros((1, side, side, c)), (math.isqrt(side),) * 2
    window, axes = ((side, side), ("block",)) if kind == "full" else (window, ("block", "grid"))
    cache = layer(multi_axis_attention.init(rng, c, heads), x, window, axes)[1]
    return sum(2 * c // heads * cache[axis]["probs"].size for axis in axes)


print("side      full   block + grid      (multiply-adds, 4 channels)")
for side in (4, 16):                                                      # windows of side 2 and 4
    n = side * side
    counted = {kind: count(side, kind) for kind in ("full", "multi_axis")}
    print(f"{side:>4} {counted['full']:>9,} {counted['multi_axis']:>14,}")
    assert counted == {"full": 2 * n * n * 4, "multi_axis": 2 * n * side * 4}

# %% [markdown]
# HiT draws an image at growing sizes, one *stage* each (chapter 13): 8 x 8, 16 x 16 and so on. Only the stages up to
# 64 x 64 have self-attention, in windows of side 4 or 8. So a larger image adds nothing to it, which is a part of what
# HiT's paper calls nearly linear; the other part is in the next chapter. `PRESETS` holds networks by name, each a
# *preset*. Its `generator` has a list of stages, and each says its side, how many layers and channels it has, and its
# window, None where there is no self-attention.

# %%
print("multiply-adds of self-attention for one image, and were it full attention in every stage:")
costs = {}
for name in ("hit-128", "hit-256", "hit-1024"):
    config = PRESETS[name].generator
    inner = full_cost = 0
    for stage in config.stages:
        n = stage.side**2
        full_cost += stage.layers * 2 * n * n * stage.channels
        if stage.window:
            pixels = math.prod(stage.window)
            inner += stage.layers * n * (pixels + n // pixels) * stage.channels
    costs[name] = inner
    print(f"{name:<8} {config.size**2:>9,} pixels {inner:>15,} {full_cost:>19,}")
assert costs["hit-1024"] == costs["hit-256"] == costs["hit-128"]

# %% [markdown]
# ## Exercise
#
# Write the backward pass of `multi_axis_attention`, for one key for all heads and for a key for each:
# `tutorials/exercises/09_windows_and_grids.py`.
#
#     minihit learn check 09
