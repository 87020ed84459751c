# %% [markdown]
# # 10. Cross-attention to tokens
#
# Where does a generator's picture come from? From a *latent* z, a list of random numbers. HiT turns z into 16 *tokens*,
# and at every resolution every pixel asks them what it is. So the tokens are read by all pixels, as keys and as values,
# in every stage, and all of that comes back to them. You need chapters 0 to 9.

# %%
import math

import numpy as np

from minihit import gradcheck, tree
from minihit.data.dataset import BuiltInFaces
from minihit.layers import cross_attention, latent_tokens, layer_norm, linear
from minihit.layers.norm import How
from minihit.ops import attend
from minihit.presets import PRESETS
from minihit.show.images import to_float, to_uint8
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# An image of 1024 x 1024 has about a million pixels. If each asks all others, how many shares are there for one head? A
# million times a million, 10^12. If each asks 16 tokens? 1.7 * 10^7, and an image of twice the side costs four times as
# much, as does everything that is done pixel by pixel. This is the other part of "nearly linear".

# %%
n = 1024**2
print(f"shares: {n * n:.1e} over pixels, {16 * n:.1e} over tokens")
for name in ("hit-128", "hit-256", "hit-1024"):
    config = PRESETS[name].generator
    cross = sum(2 * stage.side**2 * config.tokens * stage.channels for stage in config.stages)
    print(f"{name:<8} {config.size**2:>9,} pixels, multiply-adds of cross-attention {cross:>14,}")

# %% [markdown]
# ## The layer
#
# *Cross-attention* is chapter 8's with two sources: queries are made of pixels x (B, H, W, C), keys and values of
# tokens (B, T, C0). One key and value serve all N heads. By loops:


# %%
def ask(query, keys, values):
    """query (D,), keys and values (K, D) -> (D,)"""
    scores = np.array([query @ key for key in keys]) / math.sqrt(len(query))
    weights = np.exp(scores - scores.max())
    return sum(weight * value for weight, value in zip(weights / weights.sum(), values, strict=True))


B, H, W, C, N, T, C0 = 2, 3, 4, 8, 4, 5, 6
x, tokens = rng.standard_normal((B, H, W, C)), rng.standard_normal((B, T, C0))
params = gradcheck.perturb(cross_attention.init(rng, C, N, C0), rng)
query, key, value = (np.einsum("...c,cnd->...nd", source, params[name]["weight"]) + params[name]["bias"]
                     for name, source in [("query", x), ("key", tokens), ("value", tokens)])
out = np.empty_like(query)                                                # (B, H, W, N, D)
for b, row, column, n in np.ndindex(B, H, W, N):
    out[b, row, column, n] = ask(query[b, row, column, n], key[b, :, 0], value[b, :, 0])
y, cache = cross_attention.forward(params, x, tokens)
compare("y", y, np.einsum("bhwnd,ndc->bhwc", out, params["out"]["weight"]) + params["out"]["bias"])
print("x", x.shape, "asks tokens", tokens.shape, "-> shares", cache["attend"]["probs"].shape)

# %% [markdown]
# ## Back, to pixels and to tokens
#
# No new derivation is needed, only care for who reads what. `attend` sums dkey and dvalue over all queries, so over all
# pixels and heads. The tokens are read twice, by the key's layer and by the value's: their gradients add up. Forget the
# key's half, and tokens still learn what to say, but not when to be asked.


# %%
def backward(dy, cache):
    """dx, and what reaches the tokens through keys and through values."""
    dout, _ = linear.backward(dy, cache["out"])                           # (B, H, W, N, D)
    dquery, dkey, dvalue = attend.backward(dout.reshape(B, H * W, *dout.shape[3:]), cache["attend"])
    dx, _ = linear.backward(dquery.reshape(dout.shape), cache["query"])
    return dx, linear.backward(dkey, cache["key"])[0], linear.backward(dvalue, cache["value"])[0]


dy = rng.standard_normal(y.shape)
dx, through_keys, through_values = backward(dy, cache)
dx_library, dtokens, grads = cross_attention.backward(dy, cache)
expected = gradcheck.numerical_gradient(
    lambda tokens: (dy * cross_attention.forward(params, x, tokens)[0]).sum(), tokens)
compare("dx", dx_library, dx)
compare("dtokens", dtokens, through_keys + through_values)
compare("dtokens by nudges", dtokens, expected)
for name, half in {"keys": through_keys, "values": through_values}.items():
    print(f"  through {name} alone it is off by {abs(half - expected).max():.2f}")
    assert abs(half - expected).max() > 0.01
for row in gradcheck.check_layer(cross_attention, params, (x, tokens), rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# ## Every stage reads them
#
# The same tokens serve a map of 3 x 4 pixels and, later, one of 6 x 8 with other weights. Whoever is read in two places
# gets the sum of both: the tokens' gradient is a sum over pixels, heads, keys and values, and stages.

# %%
larger = rng.standard_normal((B, 2 * H, 2 * W, C))
others = gradcheck.perturb(cross_attention.init(rng, C, N, C0), rng)
y_larger, cache_larger = cross_attention.forward(others, larger, tokens)
dy_larger = rng.standard_normal(y_larger.shape)
both = dtokens + cross_attention.backward(dy_larger, cache_larger)[1]
compare("dtokens of two stages", both, gradcheck.numerical_gradient(
    lambda tokens: (dy * cross_attention.forward(params, x, tokens)[0]).sum()
    + (dy_larger * cross_attention.forward(others, larger, tokens)[0]).sum(), tokens))

# %% [markdown]
# ## Tokens out of z
#
# z (B, latent) goes through one linear layer with two output axes, (T, C0). As in chapter 3 a *position* is added, here
# one for each token, the same for all images, and then a norm makes all tokens equally loud:
#
#     tokens = norm(linear(z) + position)          position (1, 1, T, C0)
#
# Going back: norm, then the sum over images for the position, then linear. All three are old acquaintances.

# %%
LATENT = 7
z = rng.standard_normal((B, LATENT))
params = gradcheck.perturb(latent_tokens.init(rng, LATENT, T, C0), rng)
made, cache = latent_tokens.forward(params, z, How("layer"))
h, h_cache = linear.forward(params["linear"], z)                          # (B, T, C0)
by_hand, norm_cache = layer_norm.forward(params["norm"], h + params["position"][0, 0])
compare("tokens", made, by_hand)
dtokens = rng.standard_normal(made.shape)
dz, grads = latent_tokens.backward(dtokens, cache)
dh, _ = layer_norm.backward(dtokens, norm_cache)
compare("dposition", grads["position"][0, 0], dh.sum(axis=0))
compare("dz", dz, linear.backward(dh, h_cache)[0])
for row in gradcheck.check_layer(latent_tokens, params, z, rng, how=How("layer")):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# z may also be a grid of T vectors, (B, T, latent), when a picture is written down as such a grid (chapters 25 and 26).
# Then each token is made of its own vector, all through the same weights, and nothing else changes.

# %%
z_grid = rng.standard_normal((B, T, LATENT))
params = gradcheck.perturb(latent_tokens.init(rng, LATENT, T, C0, spatial=True), rng)
print("weights, from one z and from a grid:", (LATENT, T, C0), params["linear"]["weight"].shape)
for row in gradcheck.check_layer(latent_tokens, params, z_grid, rng, how=How("layer")):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# ## What tokens are good for
#
# Take one face of 32 x 32 pixels, which minihit draws by itself (`BuiltInFaces`). Each pixel knows five numbers: its
# colours and, less loudly, its row and column. Let every pixel say what it is through six tokens and nothing else: y =
# cross_attention(x, tokens) has to come near x. Both tokens and weights are learned by the plainest of all methods,
# walking a small step against the gradient, a thousand times.
#
# Nobody told the tokens what to stand for. (Chapter 23 asks the same of a generator that has learned faces.) Look which
# token each pixel asks more than other pixels do. (`tree.map` applies a function to all leaves of two dicts of the same
# keys; `to_float` makes bytes 0 to 255 numbers from -1 to 1, `to_uint8` takes it back.)

# %%
SIDE, TOKENS, STEPS, RATE = 32, 6, 1000, 0.3
face = to_float(BuiltInFaces(SIDE, 0).take(3, 1))[0].astype(np.float64)   # (SIDE, SIDE, 3)
where = 0.4 * np.linspace(-1.0, 1.0, SIDE)
rows, columns = np.meshgrid(where, where, indexing="ij")
x = np.concatenate([face, rows[..., None], columns[..., None]], axis=-1)[None]           # (1, SIDE, SIDE, 5)
learned = {"tokens": rng.standard_normal((1, TOKENS, 5)),
           "attention": gradcheck.perturb(cross_attention.init(rng, 5, 1, 5), rng, 0.5)}
for step in range(STEPS + 1):
    y, cache = cross_attention.forward(learned["attention"], x, learned["tokens"])
    loss, dy = ((y - x) ** 2).mean(), 2.0 * (y - x) / x.size
    if step % 250 == 0:
        print(f"step {step:>4}: mean square of the difference {loss:.4f}")
    _, dtokens, grads = cross_attention.backward(dy, cache)
    learned = tree.map(lambda value, gradient: value - RATE * gradient, learned,
                       {"tokens": dtokens, "attention": grads})
assert loss < 0.04

# %%
asked = cache["attend"]["probs"][0, 0].reshape(SIDE, SIDE, TOKENS)        # one head
favourite = (asked / asked.mean(axis=(0, 1))).argmax(axis=-1)             # beside the mean over all pixels
counts = np.bincount(favourite.ravel(), minlength=TOKENS)
print("pixels whose favourite each token is:", counts)
assert (counts > 0).sum() >= 3
with picture(9.5, 3.3) as drawn:
    for axes, (title, image) in zip(drawn.subplots(1, 3), {
        "1,024 pixels": to_uint8(face), "through six tokens": to_uint8(y[0, ..., :3]),
        "each pixel's favourite token": favourite,
    }.items(), strict=True):
        axes.imshow(image, cmap="tab10", vmin=0, vmax=9)
        axes.set_title(title)
        axes.set_axis_off()

# %% [markdown]
# ## In a trained generator
#
# minihit ships with a generator of faces that was trained for 2,000 steps. This writes a page in which the pixel under
# the pointer shows what it asks for in each stage, of its window, of the other windows and of the tokens:
#
#     minihit attention built-in --out page.html
#
# ## Exercise
#
# Write the backward passes of cross-attention, with its three gradients, and of the tokens:
# `tutorials/exercises/10_cross_attention.py`.
#
#     minihit learn check 10
