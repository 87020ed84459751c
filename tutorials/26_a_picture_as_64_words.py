# %% [markdown]
# # 26. A picture as 64 words
#
# A vector-quantised autoencoder (VQ-VAE) writes a picture as 8 x 8 words. The *codebook* is its dictionary, K codes of
# D numbers each. An encoder, as in chapter 25, gives a vector at every place of an 8 x 8 grid; each becomes the code
# nearest to it, and from the codes alone HiT draws the picture. Which code is nearest is a choice, and a choice has no
# gradient. Here is what is done about that, how the codes themselves are learnt, how a codebook dies and how it is kept
# alive. You need chapters 0 to 25. Read it beside `minihit/ops/quantize.py`, `minihit/models/quantizer` and
# `minihit/objectives/vqvae.py`. It takes about 10 seconds of processor time. With a file name it draws what it made,
# and with a number it trains for so many steps in the end instead of 350:
#
#     python tutorials/26_a_picture_as_64_words.py [words.png] [3000]

# %%
import sys
from dataclasses import replace

import numpy as np

from minihit import autoencoding, gradcheck, tree
from minihit.commands import codebook as pages
from minihit.data.dataset import BuiltInFaces
from minihit.metrics.psnr import psnr
from minihit.models import hit, quantizer
from minihit.models.autoencoder import encoder
from minihit.models.autoencoder.config import EncoderConfig
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.models.quantizer.config import QuantizerConfig
from minihit.objectives import bottleneck, reconstruction, vqvae
from minihit.objectives.autoencoder_recipe import VqvaeRecipe
from minihit.ops import quantize
from minihit.presets import VqvaePreset
from minihit.show.images import grid, to_float, to_uint8
from minihit.show.lesson import compare, picture
from minihit.training import state, step

SEED = 0
rng = np.random.default_rng(SEED)


# %% [markdown]
# ## The nearest code
#
# Two codes in the plane and five vectors, few enough for paper. As |e - z|^2 = |e|^2 - 2 e . z + |z|^2 and |z|^2 is the
# same for all codes, one matrix product finds the nearest of all.

# %%
codebook = np.array([[1.0, 1.0], [4.0, 1.0]])                             # (K, D)
z = np.array([[0.0, 0.0], [0.0, 2.0], [2.0, 1.0], [5.0, 1.0], [5.0, 3.0]])  # (5, D)
looped = [min((0, 1), key=lambda k: sum((codebook[k] - row) ** 2)) for row in z]
at_once = ((codebook**2).sum(axis=1) - 2 * z @ codebook.T).argmin(axis=1)
q, cache = quantize.forward(z, codebook)                                  # q (5, D): each vector's code
print("words:", looped)
assert looped == at_once.tolist() == cache["indices"].tolist() == [0, 0, 0, 1, 1]
np.testing.assert_array_equal(q, codebook[looped])

# %% [markdown]
# ## A gradient that is wrong on purpose
#
# Let the loss be |q - target|^2, with the target at the second code and z nearer to the first. Nudge z: its nearest
# code stays what it was, and so does the loss. Finite differences see zero, and they are right: the loss is flat on
# both sides of a cliff, which stands where the two codes are equally near. By the true gradient no encoder would ever
# learn.

# %%
target, start = np.array([4.0, 1.0]), np.array([1.5, 1.0])                # (D,) each; the border lies at 2.5


def loss(z):
    return ((quantize.forward(z, codebook)[0] - target) ** 2).sum()


print("the true gradient:", gradcheck.numerical_gradient(loss, start))
assert not gradcheck.numerical_gradient(loss, start).any()

# %% [markdown]
# The way out is to pretend. *Straight-through* says: q is z plus an offset, q = z + (e - z), and takes the offset in
# brackets for a number that does not change. Then dz = dq: the gradient walks past the choice as if it were not there.
# It is the exact gradient of another function, one that equals q at this z and nowhere else.

# %%
q, cache = quantize.forward(start, codebook)
dq = 2 * (q - target)
dz = quantize.backward(dq, cache)
offset = q - start                                                        # held fixed
print("the pretended one:", dz)
compare("dz = dq", dz, dq)
compare("that of z + offset", dz, gradcheck.numerical_gradient(lambda z: ((z + offset - target) ** 2).sum(), start))
frozen = gradcheck.numerical_gradient(
    lambda z: ((quantize.forward(z, codebook, frozen=cache)[0] - target) ** 2).sum(), start)
compare("the library's own way to say so, for checks", dz, frozen)

# %% [markdown]
# Why is it any good? Because dq says in which direction another code would be better, and z walks there.

# %%
z_now, losses = start, []
for _ in range(8):
    q, cache = quantize.forward(z_now, codebook)
    losses.append(float(((q - target) ** 2).sum()))
    z_now = z_now - 0.05 * quantize.backward(2 * (q - target), cache)
print("loss by step:", losses)
assert losses == [9.0] * 4 + [0.0] * 4

# %% [markdown]
# *Question.* The loss is zero now. Is z at its code?

# %%
print("z", z_now.round(2), "and its code", quantize.forward(z_now, codebook)[0])
assert 2.5 < z_now[0] < 3.0                                               # just over the border, and there it stays

# %% [markdown]
# ## Who pulls whom
#
# So something has to draw vectors and codes together. It is one number, mean (z - e)^2, that is put into the loss
# twice:
#
#     commitment = beta * mean (z - e)^2,  e held fixed        moves z to its code         dz = 2 beta / N (z - e)
#     codebook   =        mean (z - e)^2,  z held fixed        moves the code to its z's   de_k = 2 / N sum (e_k - z)
#
# N is the number of values in z, and the sum is over the vectors whose code is k: they read the same code, so their
# gradients add up. As a product with the one-hot table of words it is a sum of a fixed order, on a GPU too.

# %%
BETA = 0.25
q, cache = quantize.forward(z, codebook)
indices = cache["indices"]
commitment, dz = bottleneck.commitment(z, q, BETA)
value, dq = bottleneck.codebook(z, q)
hits = quantize.one_hot(indices, len(codebook), float)                    # (5, K)
de = hits.T @ dq                                                          # (K, D)
compare("commitment: dz", dz, 2 * BETA / z.size * (z - q))
compare("commitment: dz", dz, gradcheck.numerical_gradient(lambda z: BETA * ((z - q) ** 2).mean(), z))
compare("codebook: de", de, np.stack([2 / z.size * (codebook[k] - z[indices == k]).sum(axis=0) for k in (0, 1)]))
compare("codebook: de", de, gradcheck.numerical_gradient(lambda e: ((z - e[indices]) ** 2).mean(), codebook))

# %% [markdown]
# With beta = 0 the vectors are left in peace and the codes go on. Programs have been published with beta on the other
# term. No curve shows it, as both terms are the same number but for beta: what differs is whom the gradient goes to.

# %%
off, dz_off = bottleneck.commitment(z, q, 0.0)
print(f"commitment {commitment:.3f}, codebook {value:.3f}; with beta 0: {off:.3f}, codebook {value:.3f}")
assert not dz_off.any()                                                   # the encoder's pull has stopped
assert (abs(de).max(axis=1) > 0.1).all()                                  # and the codebook's has not
assert commitment == BETA * value

# %% [markdown]
# *Question.* With the words as they are, where would the codes have to be for de = 0?

# %%
means = hits.T @ z / hits.sum(axis=0)[:, None]                            # (K, D): of each code's vectors
print("codes with no gradient:", means.round(3).tolist())
assert abs(hits.T @ bottleneck.codebook(z, means[indices])[1]).max() < 1e-15

# %% [markdown]
# ## The codebook as an average
#
# A code's place is the mean of its vectors. Then why walk there by gradient and not put it there? Because a batch is
# little: the mean shall be over many. So keep moving averages of how many vectors a code had (its count) and of their
# sum, and let the code be their quotient:
#
#     count_k <- decay count_k + (1 - decay) * number of vectors whose code is k
#     sum_k   <- decay sum_k   + (1 - decay) * the sum of those vectors             e_k = sum_k / count_k
#
# There is no gradient in it and no learning rate. Both begin at zero, so after t steps they are short by the factor
# `weight`, the same moving average of ones, 1 - decay^t. Divided by it they are honest (debiased). A code that meets
# nothing would be 0 / 0, so 1e-5 is added to every count, and all are scaled to have the same total as before.

# %%
DECAY, EPS = 0.75, 1e-5


def mean_codes(count, total, weight):
    """(K, D) of count (K,), total (K, D) and weight (), the last three being averages."""
    count, total = count / weight, total / weight
    smoothed = (count + EPS) * count.sum() / (count + EPS).sum()
    return total / smoothed[:, None]


def moved(codebook, count, total, weight, batch):
    """The codebook and its averages one step on; batch (n, D)."""
    hits = quantize.one_hot(quantize.nearest(batch, codebook), len(codebook), float)
    count = DECAY * count + (1 - DECAY) * hits.sum(axis=0)
    total = DECAY * total + (1 - DECAY) * hits.T @ batch
    weight = DECAY * weight + (1 - DECAY)
    return mean_codes(count, total, weight), count, total, weight


second = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 2.0], [6.0, 2.0], [5.0, 5.0]])
by_hand = codebook, np.zeros(2), np.zeros((2, 2)), 0.0
config = QuantizerConfig(codes=2, width=2, decay=DECAY, restart=0.0)
library = {**tree.map(np.float64, quantizer.init_averages(config, rng)), "codebook": codebook}
for number, batch in enumerate([z, second], start=1):
    by_hand = moved(*by_hand, batch)
    met = quantizer.met(quantizer.forward({}, batch[None], config, library)[1])
    library = quantizer.update_averages(library, met, config)
    codes, count, _, weight = by_hand
    print(f"step {number}: weight {weight:.4f}, counts {count} or debiased {(count / weight).round(2)}, codes",
          codes.round(2).tolist())
    compare("the library's codebook", codes, library["codebook"])
    if number == 1:                                                       # the means of the batch, as on paper
        np.testing.assert_allclose(codes, means, rtol=1e-4)

# %% [markdown]
# *Question.* sum_k / count_k is short by the same factor above and below. What is debiasing for?

# %%
codes, count, total, weight = by_hand
np.testing.assert_allclose(mean_codes(count, total, 1.0), codes, rtol=1e-4)     # not for the codes
raw, raw_weight = 0.0, 0.0
for age in range(1, 4):                                                   # a code that meets two vectors a step
    raw, raw_weight = DECAY * raw + (1 - DECAY) * 2, DECAY * raw_weight + (1 - DECAY)
    print(f"step {age}: raw count {raw:.2f}, which tells the age of the run; debiased {raw / raw_weight:.0f}")
    assert abs(raw / raw_weight - 2) < 1e-12

# %% [markdown]
# It is for whoever asks whether a count is small: the 1e-5 above, the restarts below. And both have to begin at zero.
# It has been written with sums that begin at the codes and counts that begin at 0. A code (1, 1) that then meets one
# vector, (1, 1), is thrown far away:

# %%
kept, met = 0.99, np.ones(2)
thrown = (kept * np.ones(2) + (1 - kept) * met) / (kept * 0 + (1 - kept) * 1)
print("sum / count:", thrown.round(1), "instead of", met)
assert (thrown > 99).all()

# %% [markdown]
# ## How a codebook dies
#
# Take vectors in sixteen clusters, and sixteen codes that begin close together, as first values do. Those nearest to a
# cluster are drawn to it; the others are nearest to nothing, meet nothing, learn nothing. In training it gets worse, as
# the commitment moves the encoder's vectors to the codes that live: *collapse*. The loss goes down all the while.

# %%
CLUSTERS = 4.0 * rng.standard_normal((16, 2)) + 3.0                       # (16, D)


def vectors(rng, count=128):
    return CLUSTERS[rng.integers(16, size=count)] + 0.1 * rng.standard_normal((count, 2))


def used_codes(restart, steps=(1, 10, 100)):
    """The share of codes that vectors have, after so many steps of the library's codebook."""
    rng, shares = np.random.default_rng(SEED), []
    config = QuantizerConfig(codes=16, width=2, decay=0.9, restart=restart)
    averages = tree.map(np.float64, quantizer.init_averages(config, rng))
    for number in range(1, max(steps) + 1):
        batch = vectors(rng)[:, None]                                     # (B, places, D)
        offers = quantizer.draw(rng, len(batch), 1, config).get("offers")
        met = quantizer.met(quantizer.forward({}, batch, config, averages)[1], offers)
        averages = quantizer.update_averages(averages, met, config)
        if number in steps:
            indices = quantizer.forward({}, vectors(rng, 1000), config, averages)[1]["indices"]
            shares.append(len(np.unique(indices)) / config.codes)
    return shares


without, cured = used_codes(restart=0.0), used_codes(restart=0.1)
print("share of codes in use after 1, 10 and 100 steps")
print("  without restarts:", *(f"{share:.2f}" for share in without))
print("  with restarts:   ", *(f"{share:.2f}" for share in cured))
assert without[-1] < 0.6
assert cured[-1] > 0.9

# %% [markdown]
# ## How it is kept alive
#
# A code whose count is below a tenth, say, of the mean count is dead, and begins again where there is work: on a vector
# of the batch. But a code is only the quotient of two averages. Who sets the code alone finds it back in its old place
# after the next step, here 0 / 1e-5. Count and sum have to agree with it: the mean count, and that many times the
# vector.

# %%
vector = np.array([9.0, 9.0])                                             # for a third code, which met nothing yet
three = np.concatenate([codes, [vector]])                                 # (3, D), the code being set
mean_count = count.sum() / 3
for name, its_count in {"the code alone": 0.0, "code, count and sum": mean_count}.items():
    counts, totals = np.append(count, its_count), np.concatenate([total, [its_count * vector]])
    after, *_ = moved(three, counts, totals, weight, z)                   # a step that has no vector near (9, 9)
    print(f"{name:<20} set to {vector}, one step later {after[2].round(2)}")
    assert np.allclose(after[2], vector, atol=1e-2) == (its_count > 0)

# %% [markdown]
# ## The rotation trick
#
# Straight-through hands all vectors of a code the same dq, wherever they lie. The rotation trick pretends something
# else: that q is z turned into the direction of e and stretched to its length, with turn R and stretch s held fixed. So
# dz is dq turned back, s R^T dq, and meets z at the angle at which dq meets e: what pushes q outwards pushes z
# outwards. With z^ and e^ of length 1,
#
#     R = I - 2 w w^T + 2 e^ z^^T,    w = (z^ + e^) / |z^ + e^|,    s = |e| / |z|
#
# It is two mirrors one after the other: I - 2 w w^T sends z^ to -e^, and I - 2 e^ e^^T sends that to e^.

# %%
zs, es, dqs = rng.standard_normal((3, 5, 3)) + [[[1.0]], [[1.0]], [[0.0]]]   # five vectors, their codes, and dq: (5, D)
held = quantize.rotation(zs, es)
dzs = quantize.rotated_back(dqs, held)                                    # s R^T dq, without making R
for z, e, dq, dz in zip(zs, es, dqs, dzs, strict=True):
    z_hat, e_hat = z / np.linalg.norm(z), e / np.linalg.norm(e)
    w, s = (z_hat + e_hat) / np.linalg.norm(z_hat + e_hat), np.linalg.norm(e) / np.linalg.norm(z)
    R = np.eye(3) - 2 * np.outer(w, w) + 2 * np.outer(e_hat, z_hat)
    mirrors = (np.eye(3) - 2 * np.outer(e_hat, e_hat)) @ (np.eye(3) - 2 * np.outer(w, w))
    np.testing.assert_allclose(R, mirrors, atol=1e-12)                    # a turn: lengths and angles stay
    np.testing.assert_allclose(s * R @ z, e, rtol=1e-12)
    np.testing.assert_allclose(dz, s * R.T @ dq, rtol=1e-9)
    np.testing.assert_allclose(dz @ z_hat / np.linalg.norm(dz), dq @ e_hat / np.linalg.norm(dq), rtol=1e-9)  # cosines
compare("dz is the gradient of s R z", dzs, gradcheck.numerical_gradient(
    lambda z: (dqs * quantize.rotated(z, held)).sum(), zs))

# %% [markdown]
# ## How many words are in use
#
# Two numbers are reported. *Usage* is the share of codes that are any vector's. *Perplexity* is exp(-sum p log p) with
# p the share of vectors that a code has: as many as there are codes where all have the same share, fewer where some
# have more. Both depend on how much is looked at: one picture has 64 words and cannot use 256, so that the perplexity
# of a small batch reads low in the best of codebooks.
#
# *Question.* Three words with shares 1/2, 1/4, 1/4 - what is their perplexity?

# %%
used, perplexity = quantizer.usage(np.array([0, 0, 1, 2]), 4, "float64")
print(f"usage {used:.2f}, perplexity {perplexity:.3f}")
assert used == 0.75
assert abs(perplexity - 2**1.5) < 1e-12                                   # 1/2 log 2 + 2 * 1/4 log 4 = 3/2 log 2
even = rng.permutation(np.repeat(np.arange(256), 100))                    # a perfect codebook of 256
for pictures in (1, 4, 400):
    used, perplexity = quantizer.usage(even[:64 * pictures], 256, "float64")
    print(f"perfect, seen through {pictures:>3} pictures of 64 words: usage {used:.2f}, perplexity {perplexity:.0f}")
assert quantizer.usage(even[:64], 256, "float64")[1] <= 64 < 255.9 < perplexity

# %% [markdown]
# ## The step
#
# Encoder, nearest codes, HiT, and the same upwards. z is read by the quantiser and by the commitment: gradients add.
# HiT takes the grid of codes through one linear layer as its first map, and averaged to 4 x 4 as its 16 tokens. The
# codebook is an average, so its own loss sends no gradient and is only logged.

# %%
BATCH, K, D = 8, 256, 8
preset = VqvaePreset(
    EncoderConfig(size=16, channels=(32,), out=D, blocks=1),
    QuantizerConfig(codes=K, width=D, decay=0.95),
    GeneratorConfig(latent=D, channels=(32, 16), layers=(1, 1), heads=(4, 4), windows=(4, None), spatial=True,
                    norm="layer"),
    DiscriminatorConfig(channels=(4, 4, 4)),                              # idle: the recipe has no adversarial term
    VqvaeRecipe(batch=BATCH, rate=3e-3, beta=BETA, ema_decay=0.95),       # pixels by their absolute difference
)
data = BuiltInFaces(preset.size, SEED)
training = state.create(SEED, preset)
networks = tree.map(np.float64, training.networks)
images = to_float(data.take(0, 2)).astype(np.float64)

z, e_cache = encoder.forward(networks["encoder"]["params"], images, preset.encoder)                  # (B, 8, 8, D)
codes, q_cache = quantizer.forward({}, z, preset.quantizer, networks["quantizer"]["averages"])       # (B, 8, 8, D)
drawn, d_cache = hit.forward(networks["decoder"]["params"], codes, preset.decoder)                   # (B, 16, 16, 3)
_, ddrawn = reconstruction.l1(drawn, images)
_, dz_commitment = bottleneck.commitment(z, codes, BETA)

dcodes, d_grads = hit.backward(ddrawn, d_cache)
dz = quantizer.backward(dcodes, q_cache)[0] + dz_commitment
_, e_grads = encoder.backward(dz, e_cache)
averages = quantizer.update_averages(networks["quantizer"]["averages"], quantizer.met(q_cache), preset.quantizer)

library, library_averages, metrics = vqvae.gradients(networks, images, {}, preset)
library_averages = vqvae.settled(networks, library_averages, preset)
for name, ours in {"encoder": e_grads, "decoder": d_grads}.items():
    tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), ours, library[name])
tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9), averages, library_averages["quantizer"])
print("by hand = vqvae.gradients;", {name: round(float(value), 4) for name, value in metrics.items()})
bits = {"pixels": images[0].size * 8, "words": 8 * 8 * int(np.log2(K))}
print(f"a picture of {bits['pixels']:,} bits becomes {bits['words']}")

# %% [markdown]
# ## Training, with and without restarts
#
# The clusters' fate, with an encoder that takes part in it. All terms are means over values here: nothing is the
# logarithm of a probability, so nothing has to be in nats. `vqvae.draw` offers every code one vector of the batch, to
# begin again on should it be dead.

# %%
held_out = data.held_out(1_000)                                           # uint8 (1000, 16, 16, 3), never trained on


def learn(training, preset, numbers):
    for number in numbers:
        real = to_float(data.take((number - 1) * BATCH, BATCH))           # (B, 16, 16, 3)
        draws = vqvae.draw(np.random.default_rng([SEED, number]), BATCH, preset, number)
        grads, averages, _ = step.gradients(training.networks, real, draws, preset)
        state.apply(training, grads, averages, number, preset)


def report(training, name):
    """Print what the moving average of all weights makes of held-out faces; returns pictures and words."""
    rebuilt, facts = autoencoding.reconstruct(training.trees["ema"], to_float(held_out), preset)
    used, perplexity = quantizer.usage(facts["indices"], K)
    decibels = psnr(to_uint8(rebuilt), held_out).mean()
    print(f"{name:<26} {used:>7.0%} {perplexity:>11.0f} {decibels:>8.1f} dB")
    return rebuilt, facts["indices"], float(used)


# %%
STEPS, ONWARDS = 100, max([350, *(int(word) for word in sys.argv[1:] if word.isdecimal())])
shares = []
print("on held-out faces         codes used  perplexity       PSNR")
for restart in (0.0, preset.quantizer.restart):
    here = replace(preset, quantizer=replace(preset.quantizer, restart=restart))
    training = state.create(SEED, here)
    learn(training, here, range(1, STEPS + 1))
    shares.append(report(training, f"{STEPS} steps, restarts {'on' if restart else 'off'}")[-1])
learn(training, preset, range(STEPS + 1, ONWARDS + 1))
rebuilt, indices, used = report(training, f"{ONWARDS} steps, restarts on")
assert shares[0] < 0.7 < 0.85 < shares[1]
assert used > 0.9

# %% [markdown]
# ## The dictionary
#
# What does a word mean? Most of it is said by the mean of all the 2 x 2 pixels where it stands. Put in the places of
# the words these patches make a picture already. HiT makes a better one of the same words, because it sees all of them.


# %%
def patches_of(images):
    """(N, S, S, 3) -> (N, 8, 8, 2, 2, 3): the pixels below each word."""
    n, side = len(images), images.shape[1] // 8
    return images.reshape(n, 8, side, 8, side, 3).swapaxes(2, 3)


hits = quantize.one_hot(indices.reshape(-1), K, np.float32)               # (N 64, K)
below = patches_of(to_float(held_out)).reshape(len(hits), -1)             # (N 64, 12)
uses = hits.sum(axis=0)                                                   # (K,)
meaning = hits.T @ below / np.maximum(uses, 1)[:, None]                   # (K, 12)
mosaic = meaning[indices].reshape(-1, 8, 8, 2, 2, 3).swapaxes(2, 3).reshape(held_out.shape)
by_words, by_hit = (psnr(to_uint8(images), held_out).mean() for images in (mosaic, rebuilt))
print(f"PSNR of the words' mean patches {by_words:.1f} dB, of HiT's picture {by_hit:.1f} dB")
assert by_hit > by_words + 0.5

# %% [markdown]
# New faces from a VAE begin with N(0, 1). Here nothing says which words go together: words at random, even each as
# often as it is used, are no face. A second network would have to learn it (a prior), and minihit has none, so that
# `minihit sample` refuses a VQ-VAE.

# %%
networks = training.trees["ema"]
said = np.random.default_rng(SEED).choice(K, size=(12, 8, 8), p=uses / uses.sum())
nonsense = autoencoding.decode(networks, networks["quantizer"]["averages"]["codebook"][said], preset)


# %%
COUNT = 12
strips = {"faces never trained on": to_float(held_out[:COUNT]), "HiT's picture of their 64 words": rebuilt[:COUNT],
          "the words' mean patches": mosaic[:COUNT], "words at random": nonsense[:COUNT]}
words = grid(pages.drawn(held_out, indices, K, pages.SEEN)[:128], columns=16, gap=6)
with picture(11, 8.8) as drawn:
    axes = drawn.subplots(len(strips) + 1, 1, height_ratios=[1] * len(strips) + [4.1])
    for axis, (name, images) in zip(axes, strips.items(), strict=False):
        axis.imshow(grid(to_uint8(images), columns=COUNT, gap=1), interpolation="nearest")
        axis.set_title(name, loc="left", fontsize=9)
    axes[-1].imshow(words, interpolation="nearest")
    axes[-1].set_title("the 128 most used words: mean patch of each, and where in the picture it stands",
                       loc="left", fontsize=9)
    for axis in axes:
        axis.set_axis_off()

# %% [markdown]
# ## Exercise
#
# Write the nearest code with its gradient, and both halves of the loss:
# `tutorials/exercises/26_a_picture_as_64_words.py`.
#
#     minihit learn check 26
