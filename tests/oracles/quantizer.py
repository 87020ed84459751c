"""A codebook once more, vector by vector: the averages of van den Oord et al. 2017 (appendix A.1) as DeepMind's Sonnet
debiases and smooths them, the codebook's loss by plain descent, and the rotation trick as a matrix."""

import numpy as np

EPS = 1e-5


def nearest(z, codebook):
    """The index of each row's nearest code."""
    return [int(np.argmin([np.sum((row - code) ** 2) for code in codebook])) for row in z]


class Average:
    """A moving average that forgets that it began at zero."""

    def __init__(self, shape, decay):
        self.hidden, self.decay, self.steps = np.zeros(shape), decay, 0

    def __call__(self, value):
        self.steps += 1
        self.hidden = self.hidden - (self.hidden - value) * (1 - self.decay)
        return self.hidden / (1 - self.decay**self.steps)


def averaged(codebook, batches, decay):
    """Yield the codebook after each batch, rows of vectors."""
    (k, d), codebook = codebook.shape, codebook.copy()
    counts, sums = Average(k, decay), Average((k, d), decay)
    for z in batches:
        hits, added = np.zeros(k), np.zeros((k, d))
        for row, index in zip(z, nearest(z, codebook), strict=True):
            hits[index] += 1
            added[index] += row
        count, total = counts(hits), sums(added)
        n = np.sum(count)
        size = (count + EPS) / (n + k * EPS) * n
        codebook = np.stack([total[i] / size[i] for i in range(k)])
        yield codebook


def descended(codebook, batches, rate):
    """Yield the codebook after each step of gradient descent on its loss, mean (z - e)^2."""
    codebook = codebook.copy()
    for z in batches:
        gradient = np.zeros_like(codebook)
        for row, index in zip(z, nearest(z, codebook), strict=True):
            gradient[index] += 2 * (codebook[index] - row) / z.size
        codebook = codebook - rate * gradient
        yield codebook


def rotation_matrix(z, e):
    """s R of one vector (Fifty et al. 2024, section 4.2)."""
    source, target = z / np.linalg.norm(z), e / np.linalg.norm(e)
    w = (source + target) / np.linalg.norm(source + target)
    turn = np.eye(len(z)) - 2 * np.outer(w, w) + 2 * np.outer(target, source)
    return np.linalg.norm(e) / np.linalg.norm(z) * turn
