# %% [markdown]
# # 6. Softmax
#
# *Softmax* makes of any numbers shares that add up to one. Every share depends on every number, so its Jacobian is a
# full table, and yet its backward costs no more than a sum. You need chapters 0 to 4.

# %%
import numpy as np

from minihit import gradcheck
from minihit.ops import softmax
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# Three *scores*, [0, log 2, log 5]. Their powers of e are 1, 2 and 5, which add up to 8, so the *shares*, or
# probabilities (p, or `probs`), are [1/8, 2/8, 5/8]. Raise the first score a little, by t. Its own share grows; whose
# falls? The powers become e^t, which is nearly 1 + t, then 2 and 5, and the sum 8 + t:
#
#     share 0    (1 + t) / (8 + t)    grows by 7/64 t  =  1/8 (1 - 1/8) t
#     share 1          2 / (8 + t)    falls by 2/64 t  =  1/8 * 2/8 t
#     share 2          5 / (8 + t)    falls by 5/64 t  =  1/8 * 5/8 t
#
# All must fall together as much as one grows, since they still add up to one.


# %%
def shares(scores):
    powers = np.exp(scores)
    return powers / powers.sum()


scores = np.log([1.0, 2.0, 5.0])
moved = gradcheck.directional_derivative(shares, scores, np.array([1.0, 0.0, 0.0]))
print("shares", shares(scores), " and how they move with score 0, in 64ths:", (64 * moved).round(6))
compare("64 times as much", 64 * moved, np.array([7.0, -2.0, -5.0]))

# %% [markdown]
# ## The Jacobian
#
# With p_j = exp(s_j) / sum and the rule for quotients, the numerator of p_j moves with s_i only where i is j, the
# denominator always, by exp(s_i):
#
#     dp_j/ds_i  =  exp(s_j) (1 if i is j, else 0) / sum  -  exp(s_j) exp(s_i) / sum^2
#     dp_j/ds_i  =  p_j (1 if i is j, else 0)  -  p_j p_i            as a table: diag(p) - p p^T
#
# and a share sends back what the chain rule says, a sum over all outputs:
#
#     ds_i  =  sum_j dp_j dp_j/ds_i  =  p_i dp_i  -  p_i sum_j p_j dp_j

# %%
K = 6                                                                     # scores: in the next chapter one for each key
scores, dprobs = rng.standard_normal((2, K))
probs = shares(scores)
dscores = np.zeros(K)
for i in range(K):                                                        # the long way
    for j in range(K):
        dscores[i] += dprobs[j] * (probs[j] * (i == j) - probs[j] * probs[i])
jacobian = np.diag(probs) - np.outer(probs, probs)
expected = gradcheck.numerical_gradient(lambda scores: (dprobs * shares(scores)).sum(), scores)
compare("by loops", dscores, expected)
compare("by the Jacobian, J^T dprobs", jacobian.T @ dprobs, dscores)
compare("closed: p (dp - sum of p dp)", probs * (dprobs - (probs * dprobs).sum()), dscores)

# %% [markdown]
# The closed form never makes the table: K values in, one sum, K values out. In words: sum of p dp is the mean of dp,
# weighted by the shares; a score's gradient is positive where its own dp is above that mean.
#
# ## The mistake that everybody makes once
#
# A single number's sigmoid p = 1 / (1 + exp(-s)) has slope p (1 - p), and p (1 - p) is what stands on the diagonal. So
# dp * p * (1 - p) looks right, and for the diagonal it is. All the rest of the table is missing.

# %%
diagonal = dprobs * probs * (1.0 - probs)
print(f"the diagonal alone is off by {abs(diagonal - expected).max():.3f}, where dscores is {abs(expected).max():.3f}")
assert abs(diagonal - expected).max() > 0.05
compare("what it forgot", diagonal - expected, (jacobian - np.diag(np.diag(jacobian))).T @ -dprobs)

# %% [markdown]
# ## Shifts
#
# Add 7 to all scores: all powers grow e^7 times, and no share changes. So, as with layer norm, the gradient can have no
# part along ones: dscores add up to zero, and so do the rows and columns of the table. The table has one direction that
# it maps to zero and no more: its *rank*, the number of directions that it keeps, is one less than its side.
#
# *Question.* A score of 1000 overflows. Which shift cures it? Any that makes the largest score 0; exponents are at most
# 0 then, and the sum at least 1.

# %%
compare("a shift changes nothing", shares(scores + 7.0), probs)
compare("dscores add up to zero", dscores.sum(), 0.0)
print("rank of the table:", np.linalg.matrix_rank(jacobian), "of", K)
assert np.linalg.matrix_rank(jacobian) == K - 1
large, _ = softmax.forward(np.array([1000.0, 1000.0 + np.log(3.0)]))
print("the library's softmax of scores near 1000:", large.round(6))
compare("shares of 1 and 3", large, np.array([0.25, 0.75]))

# %% [markdown]
# ## Sure, and deaf
#
# Stretch the scores, and softmax becomes sure of one. The gradient then vanishes, as p (1 - p) does at both ends: a
# softmax that is sure does not learn. This is why attention, in the next chapter, keeps its scores small.

# %%
tables = {}
for stretch in (0.0, 1.0, 30.0):
    p, cache = softmax.forward(stretch * scores)
    tables[stretch] = np.stack([softmax.backward(one, cache) for one in np.eye(K)])
    print(f"scores times {stretch:<4}: largest share {p.max():.3f}, largest slope {abs(tables[stretch]).max():.3f}")
assert abs(tables[30.0]).max() < 0.05 < abs(tables[1.0]).max()

# %%
with picture(10.5, 3.2) as drawn:
    panels = drawn.subplots(1, 4)
    panels[0].bar(np.arange(K) - 0.27, shares(0.0 * scores), 0.27, label="0 x")
    panels[0].bar(np.arange(K), probs, 0.27, label="1 x")
    panels[0].bar(np.arange(K) + 0.27, shares(30.0 * scores), 0.27, label="30 x")
    panels[0].legend(fontsize=8)
    panels[0].set(title="shares", xlabel="score")
    for axes, (stretch, table) in zip(panels[1:], tables.items(), strict=True):
        seen = axes.imshow(table, cmap="RdBu", vmin=-0.25, vmax=0.25)
        axes.set(title=f"diag(p) - p p^T, {stretch:.0f} x", xlabel="score", ylabel="share")
    drawn.colorbar(seen, ax=panels[-1], shrink=0.7)

# %% [markdown]
# ## The library's softmax
#
# It works along one axis of an array, the last unless told otherwise; all other axes are rows, each with shares of its
# own. Its cache is the shares.

# %%
scores, dprobs = rng.standard_normal((2, 3, 4, K))
probs, cache = softmax.forward(scores)
by_hand = np.empty_like(scores)
for index in np.ndindex(3, 4):
    p = shares(scores[index])
    compare(f"row {index}", probs[index], p)
    by_hand[index] = p * (dprobs[index] - (p * dprobs[index]).sum())
compare("softmax.backward", softmax.backward(dprobs, cache), by_hand)
for row in gradcheck.check_layer(softmax, None, scores, rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# ## Exercise
#
# Write softmax, both passes, in `tutorials/exercises/06_softmax.py`. Mind the axis that is summed over: the last alone.
#
#     minihit learn check 06
