# %% [markdown]
# # 7. Attention
#
# A question, a list of keys to compare it with, and a value behind each key. The answer is a mean of the values, each
# weighted by how well its key fits. All of it is products and a softmax, so there is nothing here that you have not
# derived already; what is new is that three inputs get gradients at once. You need chapters 0 to 6.

# %%
import math
from types import SimpleNamespace

import numpy as np

from minihit import gradcheck
from minihit.layers import linear
from minihit.ops import attend, softmax
from minihit.ops.add import add
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# One *query*, the number 1; two *keys*, 0 and log 3; their *values*, 10 and 20. The scores are query times key, 0 and
# log 3, so softmax gives the shares 1/4 and 3/4, and the answer is 10/4 + 60/4 = 17.5. What happens if the first value
# is raised by one? The answer rises by 1/4. And if the second key is raised by t? Its score rises by t; by chapter 6
# its share rises by 3/4 * 1/4 t, the other falls as much, and the answer rises by 3/16 t * (20 - 10) = 1.875 t.


# %%
def ask_one(query, keys, values):
    """query (D,), keys and values (K, D) -> the answer (D,), and the shares (K,)"""
    scores = np.array([query @ key for key in keys]) / math.sqrt(len(query))
    powers = np.exp(scores - scores.max())
    probs = powers / powers.sum()
    return sum(share * value for share, value in zip(probs, values, strict=True)), probs


def ask_all(queries, keys, values):
    """queries (Q, D) -> the answers (Q, D)"""
    return np.stack([ask_one(query, keys, values)[0] for query in queries])


query, keys, values = np.array([1.0]), np.array([[0.0], [math.log(3.0)]]), np.array([[10.0], [20.0]])
answer, probs = ask_one(query, keys, values)
print("shares", probs, " answer", answer)
compare("how the answer moves with the values", gradcheck.numerical_gradient(
    lambda values: ask_one(query, keys, values)[0].sum(), values), np.array([[0.25], [0.75]]))
compare("how the answer moves with the keys", gradcheck.numerical_gradient(
    lambda keys: ask_one(query, keys, values)[0].sum(), keys), np.array([[-1.875], [1.875]]))

# %% [markdown]
# ## Why the root
#
# query . key, the sum of the products of their numbers, adds D of these. If all numbers are like standard normal ones,
# a product has variance 1, and a score D: with D = 64 scores of 8 or -8 are ordinary, and chapter 6 showed what softmax
# makes of such scores: it is sure of one and deaf. Divided by the root of D, scores have variance 1 whatever D is.

# %%
for D in (4, 64, 1024):
    a, b = rng.standard_normal((2, 1000, D))
    scores = (a * b).sum(axis=1)
    print(f"D = {D:<5} variance of scores {scores.var():7.1f}, over the root of D {(scores / math.sqrt(D)).var():.2f}")
    assert abs((scores / math.sqrt(D)).var() - 1.0) < 0.2

# %% [markdown]
# ## By loops
#
# Q queries, each asking the same K keys. Forward, for every query q:
#
#     score_qk = query_q . key_k / sqrt(D)        prob_q = softmax(score_q)        out_q = sum_k prob_qk value_k
#
# Backward, each line of it read upwards. A value is read by all queries, and so is a key: their gradients are sums.
#
#     value_k   is in every out_q, times prob_qk            dvalue_k  =  sum_q prob_qk dout_q
#     prob_qk   is in out_q, times value_k                  dprob_qk  =  dout_q . value_k
#     score_q   through softmax, chapter 6                  dscore_qk =  prob_qk (dprob_qk - sum_j prob_qj dprob_qj)
#     query_q   is in every score_qk, times key_k           dquery_q  =  sum_k dscore_qk key_k / sqrt(D)
#     key_k     is in every score_qk, times query_q         dkey_k    =  sum_q dscore_qk query_q / sqrt(D)

# %%
Q, K, D = 5, 7, 4
query, dout = rng.standard_normal((2, Q, D))
key, value = rng.standard_normal((2, K, D))
scale = 1.0 / math.sqrt(D)
answers = [ask_one(row, key, value) for row in query]                     # a pair (answer, shares) for each query
out, probs = (np.stack(rows) for rows in zip(*answers, strict=True))      # first all answers, then all shares
dquery, dkey, dvalue = np.zeros_like(query), np.zeros_like(key), np.zeros_like(value)
dprobs, dscores = np.zeros((2, Q, K))
for q in range(Q):
    for k in range(K):
        dvalue[k] += probs[q, k] * dout[q]
        dprobs[q, k] = dout[q] @ value[k]
    mean = sum(probs[q, k] * dprobs[q, k] for k in range(K))
    for k in range(K):
        dscores[q, k] = probs[q, k] * (dprobs[q, k] - mean)
        dquery[q] += dscores[q, k] * key[k] * scale
        dkey[k] += dscores[q, k] * query[q] * scale


def loss(query, key, value):
    return sum((dout[q] * ask_one(query[q], key, value)[0]).sum() for q in range(Q))


print("by loops:")
compare("dvalue", dvalue, gradcheck.numerical_gradient(lambda value: loss(query, key, value), value))
compare("dquery", dquery, gradcheck.numerical_gradient(lambda query: loss(query, key, value), query))
compare("dkey", dkey, gradcheck.numerical_gradient(lambda key: loss(query, key, value), key))

# %% [markdown]
# ## By products
#
# Find the matrix product in each sum, by what is summed over. Forward there are two, with a softmax between them, and
# backward four:
#
#     scores = query key^T / sqrt(D)  (Q, K)        out = probs value  (Q, D)
#
#     dvalue = probs^T dout           (K, D)        dquery = dscores key / sqrt(D)       (Q, D)
#     dprobs = dout value^T           (Q, K)        dkey   = dscores^T query / sqrt(D)   (K, D)
#
# Each is the rule of chapter 1 for a product y = x W: in place of the factor that is asked for stands dy, and the other
# one stays on its side, transposed. (So the gradient of key^T is query^T dscores, whose transpose is dkey.) The root
# belongs to both dquery and dkey: forget it in one, and that one is too large by sqrt(D).

# %%
probs_at_once, cache = softmax.forward(query @ key.T * scale)
print("by products:")
compare("probs", probs_at_once, probs)
compare("out", probs_at_once @ value, out)
compare("dvalue", probs.T @ dout, dvalue)
compare("dprobs", dout @ value.T, dprobs)
compare("dscores", softmax.backward(dout @ value.T, cache), dscores)
compare("dquery", dscores @ key * scale, dquery)
compare("dkey", dscores.T @ query * scale, dkey)

# %% [markdown]
# ## The library's attend
#
# Its arrays have one axis more, N for heads, which is the subject of the next chapter: query (..., Q, N, D), key and
# value (..., K, N, D). With N = 1 it is what we have.

# %%
out_library, cache = attend.forward(query[:, None], key[:, None], value[:, None])
gradients = attend.backward(dout[:, None], cache)
compare("out", out_library[:, 0], out)
for name, ours, theirs in zip(("dquery", "dkey", "dvalue"), (dquery, dkey, dvalue), gradients, strict=True):
    compare(name, theirs[:, 0], ours)

# %% [markdown]
# For more heads, or images, nothing has to be written anew: a product of arrays with more than two axes is one of the
# last two, once for each index of the others. So heads go in front, `swapaxes`, and a transpose exchanges the last two
# axes.

# %%
queries, keys, values = rng.standard_normal((2, 5, 3, 4)), *rng.standard_normal((2, 2, 7, 3, 4))   # (B, Q or K, N, D)
q, k, v = (x.swapaxes(1, 2) for x in (queries, keys, values))             # (B, N, Q or K, D)
at_once, _ = softmax.forward(q @ k.swapaxes(2, 3) * scale)                # (B, N, Q, K)
compare("all images and heads at once", (at_once @ v).swapaxes(1, 2), attend.forward(queries, keys, values)[0])
compare("one of them", (at_once @ v)[1, 2], ask_all(queries[1, :, 2], keys[1, :, 2], values[1, :, 2]))

# %%
with picture(11, 3) as drawn:
    for axes, (title, table) in zip(drawn.subplots(1, 4), {
        "scores": query @ key.T * scale, "probs: who is asked how much": probs,
        "dprobs: who should be": dprobs, "dscores: how to get there": dscores,
    }.items(), strict=True):
        limit = abs(table).max()
        axes.imshow(table, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.set(xlabel="key", ylabel="query")
        axes.set_title(title, fontsize=9)

# %% [markdown]
# In the picture row 2 of dprobs is red throughout. A row of dscores never is: it adds up to zero, since softmax does
# not see a shift. And where probs are white dscores are white: who is hardly asked hardly learns.

# %%
assert (dprobs[2] < 0).all()
compare("rows of dscores add up to zero", dscores.sum(axis=1), np.zeros(Q))
unasked = probs < 0.02
print("shares below 0.02:", unasked.sum(), " their largest dscore:", f"{abs(dscores[unasked]).max():.2f}",
      " the largest of all:", f"{abs(dscores).max():.2f}")
assert unasked.any()
assert abs(dscores[unasked]).max() < 0.1 * abs(dscores).max()

# %% [markdown]
# *Question.* The loss should fall. In which direction do scores go? Against dscores. And which keys are pulled towards
# query q? Those with dscore_qk < 0: their scores should rise, and so key_k moves by a part of query_q.
#
# ## Self-attention
#
# Where do query, key and value come from? In *self-attention* from one x (rows, C), by three linear layers: every row
# asks all rows, itself included. x is read by three, so three gradients add up, and this is the whole layer:


# %%
def forward(params, x):
    cache = {}
    query, cache["query"] = linear.forward(params["query"], x)            # (rows, 1, D)
    key, cache["key"] = linear.forward(params["key"], x)
    value, cache["value"] = linear.forward(params["value"], x)
    y, cache["attend"] = attend.forward(query, key, value)
    return y, cache


def backward(dy, cache):
    gradients = dict(zip(("query", "key", "value"), attend.backward(dy, cache["attend"]), strict=True))
    back = {name: linear.backward(gradient, cache[name]) for name, gradient in gradients.items()}
    return add(*(dx for dx, _ in back.values())), {name: grads for name, (_, grads) in back.items()}


C, ROWS = 6, 5
params = gradcheck.perturb({name: linear.init(rng, C, (1, D)) for name in ("query", "key", "value")}, rng)
x = rng.standard_normal((ROWS, C))
for row in gradcheck.check_layer(SimpleNamespace(forward=forward, backward=backward), params, x, rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# *Question.* One of these gradients is zero whatever the loss is. Which? The key's bias. It adds the same vector to all
# keys, so the same number, query . bias, to all scores of a query: a shift, which softmax does not see.

# %%
y, cache = forward(params, x)
_, grads = backward(rng.standard_normal(y.shape), cache)
print("largest gradient of the biases:", {name: f"{abs(grads[name]['bias']).max():.0e}" for name in grads})
assert abs(grads["key"]["bias"]).max() < 1e-12 < 1e-6 < abs(grads["query"]["bias"]).max()

# %% [markdown]
# *And order?* Attention asks a list without an order: shuffle the rows of x, and the rows of y are shuffled likewise,
# nothing else. Where a row is has to be told to it, by the position of chapter 3.

# %%
order = rng.permutation(ROWS)
compare("shuffled in, shuffled out", forward(params, x[order])[0], y[order])

# %% [markdown]
# ## Exercise
#
# Write the backward pass of attention in `tutorials/exercises/07_attention.py`, with the library's axes.
#
#     minihit learn check 07
