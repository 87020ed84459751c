# %% [markdown]
# # 31. A batch in parts
#
# A batch is too large for one thread, one cache, one card or one machine. So it is cut, each part is computed by
# somebody, and the gradients are added up. Three questions decide whether the result is the same: with which weights,
# in which order, and who has to wait for whom. You need chapters 0 to 5, 16, 17 and 28.

# %%
import numpy as np

from minihit import parallel, tree
from minihit.layers import batch_norm
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.objectives import losses
from minihit.show.lesson import compare, picture
from minihit.sums import pairwise

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# Losses are means over the batch. Eight images have a mean loss; the first six by themselves have the mean 2, the last
# two the mean 6. What is the mean of all? Not 4: (6 * 2 + 2 * 6) / 8 = 3. Each part counts with its *share* of the
# images, 6/8 and 2/8. And since a gradient is linear in the loss, so do the parts' gradients. That is all of *data
# parallelism*:
#
#     gradient of the batch  =  sum over parts of share * gradient of the part

# %%
print("the mean of all:", 6 / 8 * 2.0 + 2 / 8 * 6.0)
config = DiscriminatorConfig(channels=(6, 8))
params = tree.map(np.float64, discriminator.init(rng, config))
images = rng.standard_normal((8, 8, 8, 3))


def gradient(images):
    """The mean loss of these images and its gradient."""
    logits, cache = discriminator.forward(params, images, config)
    loss, seeds = losses.real_loss(logits)
    return loss, discriminator.backward(seeds, cache)[1]


def flat(arrays):
    return tree.gather(arrays, params, np.empty(tree.size(params)))


whole_loss, whole = gradient(images)
parts = [slice(0, 6), slice(6, 8)]
shares = [(part.stop - part.start) / len(images) for part in parts]
found = [gradient(images[part]) for part in parts]
compare("the loss", sum(share * loss for share, (loss, _) in zip(shares, found, strict=True)), whole_loss)
compare("its gradient", sum(share * flat(grads) for share, (_, grads) in zip(shares, found, strict=True)), flat(whole))
unweighted = flat(found[0][1]) / 2 + flat(found[1][1]) / 2
off = abs(unweighted - flat(whole)).max() / abs(flat(whole)).max()
print(f"  without the shares it is off by {off:.0%} of the largest value")
assert off > 0.01

# %% [markdown]
# Many machines do no more than that: each has the same parameters and other images, all add up their share * gradient
# (*all-reduce*), and all make the same step. One machine with little memory does it, too, one *micro-batch* after the
# other.
#
# ## In which order
#
# Numbers of a computer are rounded after each addition, so (a + b) + c and a + (b + c) differ in the last digits.
# Adding a million values one after the other, small ones are added to a large sum and lose their digits; adding
# neighbours first, then the sums of neighbours, all summands are alike: the error grows with log n in place of n. And
# such a *pairwise* sum is the same, to the last bit, whoever holds which branches of the tree: two threads of four
# parts each or eight of one.

# %%
one_way, other_way = (0.1 + 0.2) + 0.3, 0.1 + (0.2 + 0.3)
print("(0.1 + 0.2) + 0.3 and 0.1 + (0.2 + 0.3) are", one_way, "and", other_way)
assert one_way != other_way
values = [rng.standard_normal(4, dtype=np.float32) for _ in range(8)]
together = pairwise(values)
by_two = pairwise([pairwise(values[:4]), pairwise(values[4:])])
by_four = pairwise([pairwise(values[i:i + 2]) for i in range(0, 8, 2)])
assert (together == by_two).all()
assert (together == by_four).all()
print("eight parts, added by one, two or four hands: the same bits")


def error(add, n):
    """Of a sum of n positive float32 values, relative."""
    terms = np.random.default_rng(n).random(n, dtype=np.float32)
    exact = terms.astype(np.float64).sum()
    return abs(float(add(terms)) - exact) / exact + 1e-9


def one_after_the_other(terms):
    return np.cumsum(terms)[-1]                                           # cumsum has no choice of order


def in_pairs(terms):
    while len(terms) > 1:
        terms = terms[::2] + terms[1::2]
    return terms[0]


COUNTS = 2 ** np.arange(4, 22)
errors = {add.__name__: [error(add, n) for n in COUNTS] for add in (one_after_the_other, in_pairs)}
for name, row in errors.items():
    print(f"{name:<20} error of {COUNTS[-1]:,} values: {row[-1]:.0e}")
assert errors["in_pairs"][-1] < 0.1 * errors["one_after_the_other"][-1]

# %% [markdown]
# ## Who waits for whom
#
# A discriminator looks at each image alone, so its parts never meet before the end. Batch norm (chapter 5) needs the
# mean over *all* images. Either each part takes its own, and then it is another network: HiT's authors did so, with
# eight images a part. Or the parts add up in the middle of the layer: each hands in its sums, waits until all have, and
# gets the *total*.
#
# Forward these are the sum of x and then the sum of squares around the common mean. Backward they are the two that
# project (chapter 5), sum of dx_hat and sum of dx_hat * x_hat, since mean(dx_hat) is a mean over all images as well.
# The library hands a layer its `total` as a function; alone it is the identity. `parallel.groups` runs the parts, each
# on a thread.

# %%
x, dy = rng.standard_normal((2, 8, 4, 4, 3))
norm = {"scale": 1.0 + 0.3 * rng.standard_normal(3), "bias": rng.standard_normal(3)}
y, cache = batch_norm.forward(norm, x)
dx, grads = batch_norm.backward(dy, cache)
lanes = [slice(0, 3), slice(3, 8)]


def lane(part, total):
    """One part of the batch, through batch norm and back."""
    y, cache = batch_norm.forward(norm, x[part], total=total)
    return y, *batch_norm.backward(dy[part], cache)


(results,) = parallel.groups(lane, [lanes])
ys, dxs, lane_grads = zip(*results, strict=True)
compare("y over two lanes", np.concatenate(ys), y)
compare("dx over two lanes", np.concatenate(dxs), dx)
for name in norm:
    compare(f"d{name}, added up", sum(grads[name] for grads in lane_grads), grads[name])
alone = np.concatenate([batch_norm.forward(norm, x[part])[0] for part in lanes])
print(f"with statistics of its own for each part y differs by {abs(alone - y).max():.2f}")
assert abs(alone - y).max() > 0.01

# %% [markdown]
# By hand, forward: two totals, and no lane sees another's images.

# %%
sums = [x[part].sum(axis=(0, 1, 2)) for part in lanes]
mean = sum(sums) / x[..., 0].size
squares = [((x[part] - mean) ** 2).sum(axis=(0, 1, 2)) for part in lanes]
rstd = (sum(squares) / x[..., 0].size + batch_norm.EPS) ** -0.5
by_hand = [(x[part] - mean) * rstd * norm["scale"] + norm["bias"] for part in lanes]
compare("y, by two totals", np.concatenate(by_hand), y)

# %% [markdown]
# What it costs: at every total the quick lane waits for the slow one. Between two meetings a lane needs a little more
# or less, now this one, now that. With m meetings the time is the sum of m maxima; without, the maximum of two sums,
# which is less. So the fewer meetings the better: a network with layer norm has none.

# %%
MEETINGS, LANES = 20, 4
work = np.random.default_rng(1).gamma(8.0, 1.0 / 8.0, (MEETINGS, LANES))  # each about 1
with_meetings, without = work.max(axis=1).sum(), work.sum(axis=0).max()
print(f"{MEETINGS} pieces of work on {LANES} lanes: {work.sum(axis=0).mean():.1f} on average, {without:.1f} without "
      f"meetings, {with_meetings:.1f} with a meeting after each")
assert work.sum(axis=0).mean() < without < with_meetings

# %%
with picture(11, 3.4) as drawn:
    sums_axes, waits = drawn.subplots(1, 2, width_ratios=[1, 1.3])
    for name, row in errors.items():
        sums_axes.loglog(COUNTS, row, "o-", markersize=3, label=name.replace("_", " "))
    sums_axes.set(xlabel="values added in float32", title="relative error of a sum")
    sums_axes.legend()
    ends = np.concatenate([[0.0], work.max(axis=1).cumsum()])
    for number in range(LANES):
        waits.barh(number, work[:, number], left=ends[:-1], color="tab:blue", edgecolor="white")
        waits.barh(number, work.max(axis=1) - work[:, number], left=ends[:-1] + work[:, number], color="0.88")
    waits.axvline(without, color="crimson")
    waits.text(without, LANES - 0.45, "without meetings", color="crimson", ha="center", fontsize=8)
    waits.set(yticks=range(LANES), ylabel="lane", xlabel="time", ylim=(-0.6, LANES - 0.1),
              title="grey: waiting for the slowest")
