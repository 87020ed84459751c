# %% [markdown]
# # 8. Many heads, one key
#
# One softmax gives one set of shares: a row that is sure of one key cannot look at a second one for another reason. So
# attention is done several times side by side, in *heads*. And then HiT takes some of that back: all heads ask the same
# keys. You need chapters 0 to 7.

# %%
import math

import numpy as np

from minihit import gradcheck
from minihit.ops import attend
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# A pixel carries C = 8 channels. One head may use D = 8 numbers for its query, or N = 4 heads D = 2 each; in both cases
# 8 numbers are asked with, and 8 come back. How many scores does each make, for Q queries and K keys? One head Q K, of
# 8 products each; four heads 4 Q K, of 2 products each. So the multiplications are the same, 8 Q K, and there are four
# times as many shares. That is all that heads cost.
#
# ## By loops
#
# A head is chapter 7 with arrays of its own, a slice of query (Q, N, D), key and value (K, N, D). This is *multi-head*
# attention. (Arrays of several images have a B in front; a product does each image by itself.)


# %%
def forward(query, key, value):
    """One head: query (Q, D), key and value (K, D)."""
    scores = query @ key.T / math.sqrt(query.shape[-1])
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    probs = powers / powers.sum(axis=-1, keepdims=True)
    return probs @ value, probs


def backward(dout, query, key, value):
    """One head: dquery, dkey, dvalue."""
    _, probs = forward(query, key, value)
    dprobs = dout @ value.T
    dscores = probs * (dprobs - (probs * dprobs).sum(axis=-1, keepdims=True)) / math.sqrt(query.shape[-1])
    return dscores @ key, dscores.T @ query, probs.T @ dout


Q, K, N, D = 5, 7, 4, 2
query, dout = rng.standard_normal((2, Q, N, D))
key, value = rng.standard_normal((2, K, N, D))
by_head = [forward(query[:, n], key[:, n], value[:, n]) for n in range(N)]
back = [backward(dout[:, n], query[:, n], key[:, n], value[:, n]) for n in range(N)]

out, cache = attend.forward(query, key, value)
print("multi-head:")
compare("out", out, np.stack([out for out, _ in by_head], axis=1))
for name, library, ours in zip(("dquery", "dkey", "dvalue"), attend.backward(dout, cache), zip(*back, strict=True),
                               strict=True):
    compare(name, library, np.stack(ours, axis=1))

# %% [markdown]
# ## One key for all
#
# Keys and values have to be made, kept and read for every pixel, N times D numbers each. *Multi-query* attention
# (Shazeer 2019) makes them once, D numbers, and all heads ask the same ones with queries of their own. HiT does so.
# key and value are (K, 1, D) now. Forward copies them to the heads; so backward sums over the heads. Each head sends
# back what it would have sent to a key of its own:
#
#     dkey_k  =  sum_n sum_q dscore_nqk query_nq / sqrt(D)        dvalue_k  =  sum_n sum_q prob_nqk dout_nq

# %%
shared_key, shared_value = key[:, :1], value[:, :1]                       # (K, 1, D)
by_head = [forward(query[:, n], shared_key[:, 0], shared_value[:, 0]) for n in range(N)]
dquery, dkey_by_head, dvalue_by_head = (np.stack(parts) for parts in zip(*(
    backward(dout[:, n], query[:, n], shared_key[:, 0], shared_value[:, 0]) for n in range(N)), strict=True))
dkey, dvalue = dkey_by_head.sum(axis=0), dvalue_by_head.sum(axis=0)       # (K, D) each


def loss(key, value):
    return sum((dout[:, n] * forward(query[:, n], key, value)[0]).sum() for n in range(N))


print("multi-query, by loops over the heads:")
compare("dkey", dkey, gradcheck.numerical_gradient(lambda key: loss(key, shared_value[:, 0]), shared_key[:, 0]))
compare("dvalue", dvalue, gradcheck.numerical_gradient(
    lambda value: loss(shared_key[:, 0], value), shared_value[:, 0]))
for name, wrong in {"a mean over heads": dkey / N, "the first head alone": dkey_by_head[0]}.items():
    print(f"  dkey with {name} is off by {abs(wrong - dkey).max():.2f}, with the right shape")
    assert abs(wrong - dkey).max() > 0.01

# %% [markdown]
# ## Folding
#
# Heads that share a key are only more queries. Write the N queries of all Q rows below each other, (Q N, D), and it is
# one attention with one product in place of N small ones, and the sum over heads needs no line: it is part of the sum
# over queries that chapter 7 has in dkey already.

# %%
folded = query.reshape(Q * N, D)
dout_folded = dout.reshape(Q * N, D)
out_folded, probs_folded = forward(folded, shared_key[:, 0], shared_value[:, 0])
dquery_folded, dkey_folded, dvalue_folded = backward(dout_folded, folded, shared_key[:, 0], shared_value[:, 0])
print("folded:")
compare("out", out_folded.reshape(Q, N, D), np.stack([out for out, _ in by_head], axis=1))
compare("dquery", dquery_folded.reshape(Q, N, D), dquery.swapaxes(0, 1))
compare("dkey", dkey_folded, dkey)
compare("dvalue", dvalue_folded, dvalue)

# %% [markdown]
# ## The library
#
# `attend` takes both, key and value (K, N, D) or (K, 1, D), and sees from the shapes which of both it is.

# %%
out, cache = attend.forward(query, shared_key, shared_value)
dquery_library, dkey_library, dvalue_library = attend.backward(dout, cache)
print("attend, shared:")
compare("out", out, out_folded.reshape(Q, N, D))
compare("dquery", dquery_library, dquery.swapaxes(0, 1))
compare("dkey", dkey_library[:, 0], dkey)
compare("dvalue", dvalue_library[:, 0], dvalue)
for row in gradcheck.check_layer(attend, None, (query, shared_key, shared_value), rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# *Question.* In the layer around it three linear layers, as in chapter 7, make query, key and value; the query's weight
# is (C, N, D). How many weights do key and value have for C = 512, N = 16 and D = C / N = 32, with N heads each, and
# shared? 2 * 512 * 512 and 2 * 512 * 32: a sixteenth.

# %%
C, heads = 512, 16
weights = {"multi-head": 2 * C * heads * (C // heads), "multi-query": 2 * C * (C // heads)}
print("weights of key and value:", weights)
assert weights["multi-head"] == heads * weights["multi-query"]

# %%
with picture(11, 4.6) as drawn:
    rows, most = drawn.subplots(2, N + 1), max(probs.max() for _, probs in by_head)
    for n in range(N):
        rows[0, n].imshow(by_head[n][1], cmap="Blues", vmin=0, vmax=most)
        rows[0, n].set(title=f"head {n} asks", xlabel="key", ylabel="row" if n == 0 else "")
        rows[1, n].imshow(dkey_by_head[n].T, cmap="RdBu", vmin=-1, vmax=1)
        rows[1, n].set(title=f"and sends back to the key{' +' if n < N - 1 else ' ='}", xlabel="key",
                       ylabel="number of D" if n == 0 else "")
    rows[0, N].imshow(sum(probs for _, probs in by_head) / N, cmap="Blues", vmin=0, vmax=most)
    rows[0, N].set(title="the mean of all heads", xlabel="key")
    rows[1, N].imshow(dkey.T, cmap="RdBu", vmin=-1, vmax=1)
    rows[1, N].set(title="dkey", xlabel="key")
    for axes in rows.ravel():
        axes.title.set_fontsize(8)

# %% [markdown]
# ## Exercise
#
# Write the backward pass of attention in which all heads share one key and one value:
# `tutorials/exercises/08_many_heads_one_key.py`.
#
#     minihit learn check 08
