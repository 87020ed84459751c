"""What is in a store, as text and as a picture."""

import numpy as np

from minihit.data.store import twins
from minihit.show import images

SAMPLE = 2_000  # images that colours are averaged over
LONGEST = 40  # classes that are listed


def describe(store):
    """Several lines: what the store was made of, splits, images that are there twice, colours, attributes, classes."""
    manifest, (equal, shared) = store.manifest, twins.of_store(store)
    lines = [
        f"{store.path}: {manifest.count:,} images of {manifest.side} x {manifest.side}"
        + (f" for training at {manifest.size} x {manifest.size}" if manifest.side > manifest.size else ""),
        f"source    {manifest.source} ({manifest.layout})",
        f"made by   fit {manifest.fit}, crop {manifest.crop}, filter {manifest.filter}, greys {manifest.greys}",
        f"skipped   {manifest.skipped:,} files",
        "splits    " + (", ".join(f"{name} {size:,}" for name, size in manifest.splits.items()) or "none"),
        *(f"twins     {sentence}" for sentence in twins.sentences(equal, manifest.count, shared)),
        *colours(store),
    ]
    if manifest.attributes:
        lines += ["attributes, and the share of images that have them:", *shares(store)]
    if manifest.classes:
        lines += ["classes and their images:", *classes(store)]
    return "\n".join(lines)


def colours(store):
    """Mean and standard deviation of red, green and blue, of images all over the store; from 0 to 255."""
    count = store.manifest.count
    sample = store.images[np.linspace(0, count - 1, min(count, SAMPLE)).astype(int)]
    for name, values in (("mean", sample.mean(axis=(0, 1, 2))), ("deviation", sample.std(axis=(0, 1, 2)))):
        yield f"{name:<9} " + ", ".join(f"{kind} {value:.1f}" for kind, value in zip(("red", "green", "blue"), values,
                                                                                     strict=True))


def shares(store):
    """A line per attribute; images of which it is not known do not count."""
    attributes = store.attributes
    for name, column in zip(store.manifest.attributes, attributes.T, strict=True):
        known = max(1, np.count_nonzero(column))
        yield f"  {name:<20} {np.count_nonzero(column == 1) / known:6.1%}"


def classes(store):
    """A line per class, the first forty."""
    names = store.manifest.classes
    labels = store.labels
    counts = np.bincount(labels[labels >= 0], minlength=len(names))
    yield from (f"  {name:<20} {count:,}" for name, count in zip(names[:LONGEST], counts, strict=False))
    if len(names) > LONGEST:
        yield f"  and {len(names) - LONGEST:,} more"


def sheet(store, count, seed=0):
    """A random choice of images as one picture, uint8 (H, W, 3)."""
    store.check()
    total = store.manifest.count
    chosen = np.random.default_rng(seed).choice(total, min(count, total), replace=False)
    return images.grid(store.images[np.sort(chosen)])
