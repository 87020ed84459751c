"""Sums over a batch, whoever holds its parts: the same bits however many threads or machines share the work.

A function that adds over a batch, as batch normalisation does, is handed `total`, which adds a tree of numbers and
arrays over all parts of the batch: `alone` where there is one part, that of a lane (parallel.py) where there are more.
"""

from minihit import tree


def alone(x):
    """The total of a batch that is in one piece."""
    return x


def pairwise(trees):
    """The sum of an iterable of trees in a binary tree over their order: neighbours, then neighbours of those.

    At most log2(n) + 1 sums are held at a time. Any machine that holds 2^k neighbours can add them beforehand.
    """
    sums = []                                                             # (how many trees, their sum), larger first
    for added in trees:
        count = 1
        while sums and sums[-1][0] == count:
            added, count = tree.add(sums.pop()[1], added), 2 * count
        sums.append((count, added))
    while len(sums) > 1:
        _, last = sums.pop()
        sums[-1] = (None, tree.add(sums[-1][1], last))
    return sums[0][1]
