"""Who attends to whom: the probabilities of attention in the cache of generator.forward.

Shapes: members (S, M): numbers of pixels, row by row, in S sets that attend among themselves; probs (S, N, M, M) of N
heads, asking member before asked one; of cross-attention (N, H W, T), asking pixel before token.
"""

import numpy as np

from minihit.ops import window_split


def members(plan, axis):
    """Of a Stage: windows along "block", along "grid" the pixels at the same place of every window."""
    numbers = np.arange(plan.side**2).reshape(1, plan.side, plan.side, 1)
    windows = window_split.forward(numbers, plan.window)[0][0, :, :, 0]    # (G, P)
    return windows if axis == "block" else windows.T


def self_attention(cache, image=0):
    """[{axis: probs}]: of each block of a stage; none where it has no self-attention."""
    plan = cache["plan"]
    blocks = cache["blocks"] if plan.window else []
    return [{axis: block["attention"][axis]["probs"][image] for axis in plan.axes} for block in blocks]


def cross_attention(cache, image=0):
    """The probs of a stage; None where there is no cross-attention."""
    return cache["cross_attention"]["attend"]["probs"][image] if "cross_attention" in cache else None


def attended(probs, members, pixel):
    """What a pixel attends to in the map (N, H W) of each head; nothing outside of its set."""
    index, asking = np.argwhere(members == pixel)[0]
    shares = np.zeros((probs.shape[1], members.size), probs.dtype)
    shares[:, members[index]] = probs[index, :, asking]
    return shares
