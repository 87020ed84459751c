# %% [markdown]
# # 17. The game
#
# A *generative adversarial network* is two networks with opposite aims. The discriminator D wants large logits for real
# images and small ones for drawn images; the generator G wants its images to get large ones. Their losses are three
# one-line functions of logits, and the gradients of these are where all other backward passes begin. And then there is
# the game itself, which does not simply go downhill. You need chapters 0 to 3.

# %%
import math

import numpy as np

from minihit import gradcheck
from minihit.objectives import losses
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def softplus(x):
    return np.logaddexp(0.0, x)


# %% [markdown]
# ## A question
#
# D's logit is 2. If sigmoid(2) = 0.88 is read as the probability of "real", how surprised is D to hear that the image
# was real? -log 0.88 = 0.13 (in *nats*). And that it was drawn? -log 0.12 = 2.13. These are softplus(-2) and
# softplus(2), since -log sigmoid(x) = log(1 + exp(-x)). D's loss is its mean surprise:
#
#     loss of D  =  mean over real images of softplus(-logit)  +  mean over drawn ones of softplus(logit)
#                   losses.real_loss                              losses.fake_loss
#
# A D that knows nothing says 0 to all: log 2 + log 2 = 1.386. Watch for this number in training.

# %%
print(f"surprise at real {-math.log(sigmoid(2.0)):.3f}, at drawn {-math.log(1 - sigmoid(2.0)):.3f}")
compare("they are softplus", np.array([softplus(-2.0), softplus(2.0)]),
        -np.log([sigmoid(2.0), 1.0 - sigmoid(2.0)]))
compare("a D that knows nothing", losses.real_loss(np.zeros(4))[0] + losses.fake_loss(np.zeros(4))[0], 2 * math.log(2))

# %% [markdown]
# ## Seeds
#
# Where backward begins there is dloss/dlogit for every image; call it the image's *seed*. softplus has the slope
# sigmoid (chapter 2), and a mean over B images gives each 1/B:
#
#     real image    seed = -sigmoid(-logit) / B        between -1/B, if D took it for drawn, and 0
#     drawn image   seed = +sigmoid(+logit) / B        between 0 and 1/B, if D took it for real
#
# So a seed is how wrong D is about this image. What it knows already teaches it nothing more.

# %%
real, fake = rng.standard_normal((2, 6)) * 2.0
for name, loss, logits, sign in [("real", losses.real_loss, real, -1.0), ("drawn", losses.fake_loss, fake, 1.0)]:
    value, seeds = loss(logits)
    compare(f"{name}: loss", value, softplus(sign * logits).mean())
    compare(f"{name}: seeds", seeds, sign * sigmoid(sign * logits) / 6)
    compare(f"{name}: seeds by nudges", seeds, gradcheck.numerical_gradient(
        lambda logits, loss=loss: loss(logits)[0], logits))

# %% [markdown]
# ## What G wants
#
# The opposite of D's loss would be -softplus(fake): a game for two in which one's gain is the other's loss, *minimax*.
# But at the beginning D sees through everything, logits are far below zero, and there -softplus is flat: its seed is
# -sigmoid(fake), nearly 0 when G needs it most. So G takes another loss with the same aim, softplus(-fake), its
# surprise that D was not deceived. It is called *non-saturating*, `losses.generator_loss`: its seed is -sigmoid(-fake),
# nearly -1 there.

# %%
for logit in (-6.0, 0.0, 6.0):
    minimax, kind = -sigmoid(logit), -sigmoid(-logit)
    print(f"logit of a drawn image {logit:+.0f}: seed of G {minimax:+.4f} by minimax, {kind:+.4f} non-saturating")
assert 300 * sigmoid(-6.0) < sigmoid(6.0)
value, seeds = losses.generator_loss(fake)
compare("generator_loss", value, softplus(-fake).mean())
compare("its seeds", seeds, -sigmoid(-fake) / 6)

# %% [markdown]
# ## A third pair: hinge
#
# The *hinge* losses stop caring once D is right by one: relu(1 - real) and relu(1 + fake), relu(x) = max(x, 0); G's is
# -fake, whose seed is always -1/B. Seeds of D are then -1/B or 0, +1/B or 0.

# %%
inside = np.where(real < 1.0, -1.0 / 6, 0.0)
compare("hinge, real: loss", losses.real_loss(real, "hinge")[0], np.maximum(1.0 - real, 0.0).mean())
compare("hinge, real: seeds", losses.real_loss(real, "hinge")[1], inside)
compare("hinge, drawn: seeds", losses.fake_loss(fake, "hinge")[1], np.where(fake > -1.0, 1.0 / 6, 0.0))
compare("hinge, G: seeds", losses.generator_loss(fake, "hinge")[1], np.full(6, -1.0 / 6))
for name, both in {"softplus_loss": (losses.softplus_loss, losses.fake_loss(fake)),
                   "hinge_loss": (losses.hinge_loss, losses.fake_loss(fake, "hinge"))}.items():
    for part, ours, theirs in zip(("loss", "seeds"), both[0](fake, 1.0), both[1], strict=True):
        compare(f"all of them are one function with a sign: {name}, {part}", ours, theirs)
compare("hinge, drawn: seeds by nudges", losses.fake_loss(fake, "hinge")[1], gradcheck.numerical_gradient(
    lambda logits: losses.fake_loss(logits, "hinge")[0], fake))

# %% [markdown]
# ## The best D, and what it knows
#
# Suppose that a picture x is as frequent as p(x) among real ones and q(x) among drawn ones. What should D say to it?
# Its part of the loss is p softplus(-s) + q softplus(s), with slope -p sigmoid(-s) + q sigmoid(s), which is zero where
#
#     sigmoid(s) / sigmoid(-s) = exp(s) = p / q            s = log p(x) - log q(x)
#
# So a perfect D knows the logarithm of the ratio, and G follows its gradient to where real pictures are more frequent
# than its own. If p = q everywhere, s = 0: D has nothing left to say, and the loss is 2 log 2.

# %%
p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
s = np.zeros(3)
for _ in range(2000):                                                     # down the gradient
    s -= 5.0 * (-p * sigmoid(-s) + q * sigmoid(s))
compare("D after learning", s, np.log(p / q))
best = (p * softplus(-s) + q * softplus(s)).sum()
print(f"its loss {best:.3f}, below 2 log 2 = {2 * math.log(2):.3f}")
assert best < 2 * math.log(2)

# %% [markdown]
# ## The smallest game
#
# All real images are the number 0. G draws one number, theta. D(x) = psi x has one number, too. (Mescheder et al.
# 2018.) By the seeds above, at real = 0 and fake = theta,
#
#     G:  dtheta = -sigmoid(-psi theta) psi                 D:  dpsi = sigmoid(psi theta) theta
#
# Both vanish at theta = psi = 0, where G is right and D knows that it cannot know. Do they get there? Look at the
# square of the distance from it. Along the downhill step (-dtheta, -dpsi) it changes by
#
#     2 theta sigmoid(-u) psi - 2 psi sigmoid(u) theta  =  2 u (sigmoid(-u) - sigmoid(u))            u = psi theta
#
# which is about -u^2 near zero: next to nothing. They go around in circles. And a step has a length: along the tangent
# it leads a little out of the circle. Far out the pull inwards wins, near the aim the steps do, and so they settle on a
# circle between and stay on it for ever.
#
# Now add a penalty on D's slope at real images, cost * |dD/dx|^2 = cost * psi^2, which is called *R1*: dpsi gets
# 2 cost psi, and the distance shrinks. That is what R1 is for; chapter 19 is about what it costs.


# %%
def field(theta, psi, cost):
    u = psi * theta
    return -sigmoid(-u) * psi, sigmoid(u) * theta + 2.0 * cost * psi


theta, psi = 0.7, 0.4
dtheta, dpsi = field(theta, psi, 0.3)
compare("dtheta", dtheta, gradcheck.numerical_gradient(lambda t: losses.generator_loss(np.array([psi * t]))[0],
                                                       np.array(theta)))
compare("dpsi", dpsi, gradcheck.numerical_gradient(
    lambda w: losses.real_loss(np.array([0.0 * w]))[0] + losses.fake_loss(np.array([w * theta]))[0] + 0.3 * w * w,
    np.array(psi)))


def play(cost, rate=0.2, steps=500):
    at = [(1.0, 1.0)]
    for _ in range(steps):
        dtheta, dpsi = field(*at[-1], cost)
        at.append((at[-1][0] - rate * dtheta, at[-1][1] - rate * dpsi))
    return np.array(at)


games = {cost: play(cost) for cost in (0.0, 0.15)}
for cost, at in games.items():
    distance = np.hypot(*at.T)
    print(f"R1 cost {cost}: distance from the aim {distance[0]:.2f}, {distance[100]:.2f} after 100 steps,"
          f" {distance[500]:.2g} after 500")
assert 0.5 < np.hypot(*games[0.0][-1]) < np.hypot(*games[0.0][100])
assert np.hypot(*games[0.15][-1]) < 1e-3

# %%
with picture(9, 4.4) as drawn:
    grid = np.linspace(-2.0, 2.0, 17)
    theta, psi = np.meshgrid(grid, grid)
    for axes, (cost, at) in zip(drawn.subplots(1, 2), games.items(), strict=True):
        dtheta, dpsi = field(theta, psi, cost)
        axes.quiver(theta, psi, -dtheta, -dpsi, color="0.6", angles="xy")
        axes.plot(*at.T, color="crimson", linewidth=1)
        axes.plot(*at[0], "o", color="crimson")
        axes.plot(0, 0, "k+")
        axes.set(title="without R1: around in circles for ever" if cost == 0 else f"with R1, cost {cost}: to the aim",
                 xlabel="theta, what G draws", ylabel="psi, how D looks at it", xlim=(-2, 2), ylim=(-2, 2))

# %% [markdown]
# ## Exercise
#
# Write the three losses with their seeds, non-saturating and hinge, and so that a logit of 1000 does not overflow:
# `tutorials/exercises/17_the_game.py`.
#
#     minihit learn check 17
