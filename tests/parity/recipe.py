"""The seeded weights and inputs behind official.npz: anyone can rebuild them with NumPy alone.

official.npz holds numbers computed by running the official code of HiT (google-research/hit-gan, commit 06d310c,
Apache-2.0) with tensorflow-cpu 2.21 and tf_keras 2.21. Every array of weights or inputs has a key; its values are a
stream of float32 normals seeded with the key's checksum, scaled by its role. Names are those of the official layers.
"""

import itertools
import math
import zlib

import numpy as np

TOKENS, START = 16, 8

GENERATORS = {
    "g128": {"latent": 256, "channels": (512, 512, 256, 128, 128), "layers": (2, 2, 2, 2, 2),
             "heads": (16, 8, 4, 4, 4), "windows": (4, 4, 8, 8, None)},
    "g256": {"latent": 512, "channels": (512, 512, 256, 128, 64, 64), "layers": (2, 2, 2, 2, 1, 1),
             "heads": (16, 8, 4, 4, 4, 4), "windows": (4, 4, 8, 8, None, None)},
    "g1024": {"latent": 512, "channels": (512, 512, 256, 128, 64, 64, 32, 32), "layers": (2, 2, 2, 2, 1, 1, 1, 1),
              "heads": (16, 8, 4, 4, 4, 4, 4, 4), "windows": (4, 4, 8, 8, None, None, None, None)},
}
GENERATORS["g128mh"] = {**GENERATORS["g128"], "multi_query": False}
GENERATORS["g128mhln"] = {**GENERATORS["g128mh"], "norm": "layer"}

DISCRIMINATORS = {
    "d128": {"size": 128, "multiplier": 1},
    "d128avg": {"size": 128, "multiplier": 1, "downsample": "average"},
    "d128eq": {"size": 128, "multiplier": 1, "equalized": True},
    "d128std": {"size": 128, "multiplier": 1, "minibatch_stddev": True},
    "d128eqstd": {"size": 128, "multiplier": 1, "equalized": True, "minibatch_stddev": True},
    "d256": {"size": 256, "multiplier": 2},
}

# role of a variable, the last part of its name: (offset, spread)
ROLES = {"bias": (0.0, 0.1), "gamma": (1.0, 0.1), "beta": (0.0, 0.1), "moving_mean": (0.0, 0.1),
         "moving_variance": (1.0, 0.1), "pos": (0.0, 0.5)}
GAINS = {"attn.out.kernel": 0.5, "mlp.fc2.kernel": 0.5, ".up.kernel": 0.6}


# ---- values

def generator_of(key):
    return np.random.Generator(np.random.PCG64(zlib.crc32(key.encode())))


def raw(key, shape):
    """Standard normal float32 values."""
    return generator_of(key).standard_normal(tuple(shape), dtype=np.float32)


def weight(tag, name, shape, equalized=False):
    """The float32 values of the variable `name` in the network `tag`."""
    values, role = raw(f"{tag}/{name}", shape), name.split(".")[-1]
    offset, spread = (0.0, kernel_spread(name, shape, equalized)) if role == "kernel" else ROLES[role]
    if role == "moving_variance":
        values = np.abs(values)
    return np.float32(offset) + np.float32(spread) * values


def kernel_spread(name, shape, equalized):
    if equalized:
        return 1.5
    in_discriminator = name.startswith(("stem", "down", "final"))
    gain = next((gain for ending, gain in GAINS.items() if name.endswith(ending)), 1.5 if in_discriminator else 1.0)
    return gain / np.sqrt(fan_in(name, shape))


def fan_in(name, shape):
    layer = name.split(".")[-2]
    if layer in ("query", "key", "value"):                                # (C, heads, width)
        return shape[0]
    return math.prod(shape[:-1])                                          # all axes but the last


def latent(key, batch, width):
    return raw(key, (batch, width))


def images(key, batch, size):
    """Blocks of 8 x 8 and fine noise, roughly in [-2, 2]: (B, size, size, 3)."""
    coarse = raw(f"{key}.coarse", (batch, size // 8, size // 8, 3)).repeat(8, axis=1).repeat(8, axis=2)
    return np.float32(0.5) * coarse + np.float32(0.2) * raw(f"{key}.fine", (batch, size, size, 3))


def augmentation(key, batch, size):
    """The draws of one call of DiffAugment: colours as uniforms in [0, 1), the rest in whole pixels."""
    shift, cut = int(size * 0.125 + 0.5), int(size * 0.5 + 0.5)
    draws = {name: generator_of(f"{key}.{name}").random(batch)
             for name in ("brightness", "saturation", "contrast", "shift_h", "shift_w", "cut_h", "cut_w")}
    for name in ("brightness", "saturation", "contrast"):
        draws[name] = draws[name].astype(np.float32)
    for name in ("shift_h", "shift_w"):
        draws[name] = np.floor(draws[name] * (2 * shift + 1)).astype(np.int32) - shift
    for name in ("cut_h", "cut_w"):
        draws[name] = np.floor(draws[name] * (size + 1 - cut % 2)).astype(np.int32)
    return draws


def sketch(x, samples):
    """What is stored of a large array: mean, deviation, norm, largest value, a random projection, and some samples."""
    x = np.ascontiguousarray(x, dtype=np.float64).reshape(-1)
    projection = (x * raw(f"projection.{x.size}", (x.size,))).sum() / np.sqrt(x.size)
    at = np.arange(x.size) if x.size <= samples else np.arange(samples) * 1000003 % x.size
    return np.concatenate([[x.mean(), x.std(), np.sqrt((x * x).sum()), np.abs(x).max(), projection], x[at]])


# ---- names and shapes of the official variables

def generator_shapes(latent, channels, layers, heads, windows, multi_query=True, norm="batch"):
    """{name: shape} in the official order."""
    wide = channels[0]
    shapes = {"to_grid.kernel": (latent, START * START * wide), "to_grid.bias": (START * START * wide,),
              "to_tokens.kernel": (latent, TOKENS * wide), "to_tokens.bias": (TOKENS * wide,),
              "tokens.pos": (1, 1, TOKENS, wide), **norm_shapes("tokens.norm", wide, norm)}
    for i, (c, count, n, window) in enumerate(zip(channels, layers, heads, windows, strict=True)):
        stage, side = f"stage{i}", START << i
        shapes |= {f"{stage}.pos": (1, side, side, c)}
        shapes |= norm_shapes(f"{stage}.cross.norm", c, norm)
        shapes |= attention_shapes(f"{stage}.cross.attn", c, n, wide, multi_query)
        shapes |= mlp_shapes(f"{stage}.cross.mlp", c, norm)
        for j in range(count):
            block = f"{stage}.block{j}"
            if window is not None:
                shapes |= norm_shapes(f"{block}.norm", c, norm)
                shapes |= attention_shapes(f"{block}.attn", c, n, c, multi_query)
            shapes |= mlp_shapes(f"{block}.mlp", c, norm)
        if window is None:
            shapes |= norm_shapes(f"{stage}.rgb.norm", c, norm)
            shapes |= {f"{stage}.rgb.kernel": (c, 3), f"{stage}.rgb.bias": (3,)}
        if i + 1 < len(channels) and c // 4 != channels[i + 1]:
            shapes |= {f"{stage}.up.kernel": (c // 4, channels[i + 1]), f"{stage}.up.bias": (channels[i + 1],)}
    return shapes


def norm_shapes(prefix, c, norm):
    names = ("gamma", "beta") if norm == "layer" else ("gamma", "beta", "moving_mean", "moving_variance")
    return {f"{prefix}.{name}": (c,) for name in names}


def attention_shapes(prefix, c, heads, key_channels, multi_query):
    width, key_heads = c // heads, 1 if multi_query else heads
    shapes = {f"{prefix}.query.kernel": (c, heads, width), f"{prefix}.query.bias": (heads, width)}
    for name in ("key", "value"):
        shapes |= {f"{prefix}.{name}.kernel": (key_channels, key_heads, width),
                   f"{prefix}.{name}.bias": (key_heads, width)}
    return {**shapes, f"{prefix}.out.kernel": (heads, width, c), f"{prefix}.out.bias": (c,)}


def mlp_shapes(prefix, c, norm):
    return {**norm_shapes(f"{prefix}.norm", c, norm),
            f"{prefix}.fc1.kernel": (c, 4 * c), f"{prefix}.fc1.bias": (4 * c,),
            f"{prefix}.fc2.kernel": (4 * c, c), f"{prefix}.fc2.bias": (c,)}


def discriminator_shapes(channels, minibatch_stddev=False):
    """{name: shape} in the official order; channels at sides size, ..., 4."""
    shapes = {"stem.kernel": (3, 3, 3, channels[0]), "stem.bias": (channels[0],)}
    for i, (a, b) in enumerate(itertools.pairwise(channels)):
        shapes |= {f"down{i}.conv1.kernel": (3, 3, a, a), f"down{i}.conv1.bias": (a,),
                   f"down{i}.conv2.kernel": (3, 3, a, b), f"down{i}.conv2.bias": (b,),
                   f"down{i}.skip.kernel": (1, 1, a, b)}
    c = channels[-1]
    return {**shapes, "final.conv.kernel": (3, 3, c + minibatch_stddev, c), "final.conv.bias": (c,),
            "final.dense.kernel": (16 * c, c), "final.dense.bias": (c,),
            "final.logit.kernel": (c, 1), "final.logit.bias": (1,)}
