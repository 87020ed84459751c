"""Feature matching (Larsen et al. 2016): two images are as far apart as the discriminator's layers tell them apart.

Shapes: real, fake: lists of maps (B, H, W, C), as from discriminator.features, the first of each of one shape, and so
on.
"""


def feature_matching(real, fake, cost=1.0):
    """cost * mean over the maps of mean (fake - real)^2: (loss, dfake). The real maps are held fixed."""
    differences = [b - a for a, b in zip(real, fake, strict=True)]
    loss = sum((difference * difference).mean() for difference in differences) * (cost / len(fake))
    return loss, [difference * (2.0 * cost / (len(fake) * difference.size)) for difference in differences]
