"""The measures of two sets of features as their definitions read, number by number."""

import numpy as np


def frechet(x, y):
    """By the eigenvalues of the product of the covariances."""
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = np.sqrt(np.linalg.eigvals(a @ b).astype(complex)).real.sum()
    return ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * root


def frechet_of_few(x, y):
    """The same without a covariance, by the singular values of what is left of the features without their means."""
    a, b = ((part - part.mean(axis=0)) / np.sqrt(len(part) - 1) for part in (x, y))
    root = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum() + (a * a).sum() + (b * b).sum() - 2 * root


def squared_discrepancy(x, y):
    """Pair by pair."""
    def k(a, b):
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1) ** 3

    n = len(x)
    within = [k(z[i], z[j]) for z in (x, y) for i in range(n) for j in range(n) if i != j]
    return sum(within) / (n * (n - 1)) - 2 * sum(k(a, b) for a in x for b in y) / n**2


def kernel_distance(x, y, rng, subsets, size):
    found = [squared_discrepancy(x[rng.choice(len(x), size, replace=False)], y[rng.choice(len(y), size, replace=False)])
             for _ in range(subsets)]
    return np.mean(found), np.std(found)


def precision_recall(real, fake, k=3):
    """Ball by ball."""
    def share(points, centres):
        balls = [(centre, sorted(np.linalg.norm(centres - centre, axis=1))[k]) for centre in centres]
        inside = [any(np.linalg.norm(point - centre) <= radius for centre, radius in balls) for point in points]
        return sum(inside) / len(inside)

    return share(fake, real), share(real, fake)


def inception_score(logits, splits=10):
    p = np.exp(logits)[np.random.RandomState(2020).permutation(len(logits))]
    p = p / p.sum(axis=1, keepdims=True)
    scores = []
    for i in range(splits):
        part = p[i * len(p) // splits:(i + 1) * len(p) // splits]
        scores.append(np.exp((part * np.log(part / part.mean(axis=0))).sum(axis=1).mean()))
    return np.mean(scores), np.std(scores)
