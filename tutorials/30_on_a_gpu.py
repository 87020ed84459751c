# %% [markdown]
# # 30. On a GPU
#
# The same code runs on a GPU, through CuPy, an array module with NumPy's functions. What it costs there is counted in
# other coins: every operation on arrays is a *launch*, a message to the card, and every value has to come from its
# memory and go back. This chapter counts both on a CPU, without any card, and shows what is done about them. You need
# chapters 0 to 5, 22 and 28.

# %%
import numpy as np

from minihit import optim
from minihit.backend import array_module, fused
from minihit.layers import layer_norm
from minihit.ops.switch import plain
from minihit.presets import PRESETS
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# A large card moves 3,350 GB a second to and from its memory. To launch one operation takes, say, 5 microseconds.
# Adding two arrays of float32 reads two values and writes one, 12 bytes. How long must they be until the memory needs
# as long as the launch? 5e-6 * 3.35e12 / 12: 1.4 million values. For anything shorter the card waits for messages.
# Norms, activations and Adam are long chains of such additions.

# %%
LAUNCH, BANDWIDTH = 5e-6, 3.35e12                                         # seconds; bytes a second
print(f"values until an addition is worth its launch: {LAUNCH * BANDWIDTH / 12:,.0f}")

# %% [markdown]
# ## One code, two modules
#
# `array_module(x)` is the module that made x: numpy here, cupy for an array on a card. A function that asks it runs on
# both, and no switch has to be carried around.


# %%
def softplus(x):
    xp = array_module(x)
    return xp.logaddexp(0.0, x)


print("the module of a NumPy array:", array_module(np.ones(3)).__name__)
compare("softplus", softplus(np.array([0.0, 1.0])), np.log1p(np.exp([0.0, 1.0])))

# %% [markdown]
# ## Counting
#
# NumPy tells an array of a class of our own whenever an operation touches it. So an array that counts is a few lines:
# one launch for each operation, and the bytes of what it reads and writes. (Views, reshapes and transposes move nothing
# and are not counted.)


# %%
class Counted(np.ndarray):
    """An array whose operations are counted, in Counted.launches and Counted.bytes."""

    launches = bytes = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        inputs = [x.view(np.ndarray) if isinstance(x, Counted) else x for x in inputs]
        into = None if out is None else tuple(x.view(np.ndarray) for x in out)
        result = getattr(ufunc, method)(*inputs, **options, **({} if into is None else {"out": into}))
        Counted.launches += 1
        Counted.bytes += sum(x.nbytes for x in (*inputs, result) if isinstance(x, np.ndarray))
        return out[0] if out is not None else np.asarray(result).view(Counted)


def counted(function, *arrays):
    """(launches, bytes, what the function returned)."""
    Counted.launches = Counted.bytes = 0
    result = function(*(array.view(Counted) for array in arrays))
    return Counted.launches, Counted.bytes, result


a, b = rng.standard_normal((2, 1000), dtype=np.float32)
launches, moved, _ = counted(lambda a, b: a + b, a, b)
print(f"a + b: {launches} launch, {moved:,} bytes")
assert (launches, moved) == (1, 12_000)

# %% [markdown]
# ## A chain
#
# Layer norm by its definition (chapter 4), which `plain()` asks the library for in place of the tuned twin: how often
# does it read and write the map? Counting says it. What would be the least? Read x once, write y once.

# %%
x = rng.standard_normal((8, 32, 32, 64), dtype=np.float32)
params = layer_norm.init(64)
with plain():
    launches, moved, (y, _) = counted(lambda x: layer_norm.forward(params, x), x)
least = x.nbytes + y.nbytes
print(f"layer norm: {launches} launches, {moved / least:.1f} times the least traffic")
assert launches >= 8
assert moved > 3 * least

# %% [markdown]
# ## Fusing
#
# A card could do x * a + b for each value while it has it in its hands. CuPy can be asked for that: `fused` marks a
# function of arrays, value by value, which becomes *one* launch on a card; on NumPy it stays what it is. What cannot be
# fused so are sums, since they need all values before anybody can go on. So layer norm becomes: mean, fused, mean of
# squares, fused. Adam (chapter 22) is value by value altogether.


# %%
@fused
def normalized(x, mean, rstd, scale, bias):
    return (x - mean) * rstd * scale + bias


mean, rstd = x.mean(axis=-1, keepdims=True), 1.0 / np.sqrt(x.var(axis=-1, keepdims=True) + layer_norm.EPS)
compare("a fused function is an ordinary one on a CPU", normalized(x, mean, rstd, params["scale"], params["bias"]), y,
        rtol=1e-4, atol=1e-5)
flat, grads = rng.standard_normal((2, 1_000_000), dtype=np.float32)
moments = {name: moment.view(Counted) for name, moment in optim.init_moments(flat).items()}
launches, moved, _ = counted(lambda flat, grads: optim.adam(flat, grads, moments, 1, 1e-3), flat, grads)
once = 7 * flat.nbytes                                                    # reads p, g, m, v; writes p, m, v
print(f"Adam, operation by operation: {launches} launches, {moved / once:.1f} times the traffic of one fused launch")
assert launches >= 8
assert moved > 2 * once

# %% [markdown]
# *Question.* A million values, fused: how long does Adam take on that card? 28 MB at 3,350 GB/s, 8 microseconds, and
# one launch of 5. Operation by operation: count again.


# %%
def seconds(launches, moved):
    """The longer of both: the card works while the next message is on its way."""
    return max(launches * LAUNCH, moved / BANDWIDTH)


for name, cost in {"one by one": seconds(launches, moved), "fused": seconds(1, once)}.items():
    print(f"Adam of a million values, {name}: {1e6 * cost:.0f} microseconds")
assert seconds(launches, moved) > 3 * seconds(1, once)

# %% [markdown]
# ## Products
#
# A product of (n, k) and (k, m) reads n k + k m values, writes n m, and multiplies n k m times: the larger it is, the
# more it does with each value. A card that multiplies 3.3 * 10^13 times a second needs about 40 multiplications for
# each value moved to be kept busy. So few large products are better than many small ones, as folded heads (chapter 8)
# and columns (chapter 14) have it, and everything else should be fused around them.

# %%
MULTIPLIES = 3.35e13
print("multiplications for each value moved, of a square product:")
for side in (16, 64, 256, 1024):
    per_value = side**3 / (3 * side**2)
    busy = min(1.0, per_value / (MULTIPLIES / (BANDWIDTH / 4)))
    print(f"  {side:>4}: {per_value:>6.1f}, the card's arithmetic is busy for {busy:.0%} of the time at most")

# %% [markdown]
# ## Launching nothing
#
# What is left is to send fewer messages. The same step is made a hundred thousand times, with the same operations on
# arrays at the same places. So it can be *captured* once, as a list that the card keeps, and then one message replays
# it all. The conditions are those of a film: every array stays where it was, no number may be asked for in between, and
# whatever changes from step to step, the learning rate or the draws, has to lie in an array on the card.

# %%
sizes = 10.0 ** np.arange(2, 9)
chain = 12                                                                # operations, each 12 bytes a value
times = {
    "12 additions": np.array([seconds(chain, chain * 12 * size) for size in sizes]),
    "12 additions, captured": np.array([seconds(1, chain * 12 * size) for size in sizes]),
    "the same, fused": np.array([seconds(1, 12 * size) for size in sizes]),
}
assert times["12 additions"][0] == 12 * times["the same, fused"][0]
with picture(8.5, 3.8) as drawn:
    axes = drawn.subplots()
    for name, row in times.items():
        axes.loglog(sizes, 1e6 * row, "o-", label=name)
    maps = [64 * stage.side**2 * stage.channels for stage in PRESETS["celeba-64"].generator.stages]
    axes.axvspan(min(maps), max(maps), color="0.92", label="maps of celeba-64, batch 64")
    axes.set(xlabel="values of an array", ylabel="microseconds",
             title="short arrays wait for messages, long ones for memory")
    axes.legend()
