"""By which features pictures are compared: those that a network finds in them, or those in a file that their user found
in another way."""

import os
from typing import NamedTuple

from minihit import features
from minihit.comparing import compare, measures
from minihit.comparing.names import on_features
from minihit.errors import UserError
from minihit.features import table

NETWORKS = features.CHOICES


class Look(NamedTuple):
    """kind: "random", "inception" or "file"; name: of the features; facts: (what, value) of what else decides them;
    width: of a picture's features; extractor: of a network; arrays: in a file, those of pictures and of a reference."""

    kind: str
    name: str
    facts: tuple
    width: int
    extractor: features.Extractor | None = None
    arrays: tuple = ()


def open_look(choice, weights=None, device="cpu"):
    """The Look of --features: a network's, or that of an .npz file. Raises UserError where there is no such thing."""
    if choice in NETWORKS:
        extractor = features.open(choice, weights, device)
        return Look(choice, extractor.name, extractor.facts, extractor.width, extractor)
    if not choice.lower().endswith(".npz"):
        raise UserError(f"--features {choice!r:.60} is unknown: choose {' or '.join(NETWORKS)}, or give an .npz file "
                        f"of your own features")
    arrays = table.read(os.path.expanduser(choice))
    return Look("file", choice, (), arrays[0].shape[1], arrays=arrays)


def of_sets(look, pictures, reference, others, seed, ending="", device="cpu", report=print):
    """Yield the Rows of all measures on features.

    pictures, reference, others: Pictures, the last of other real images or None; seed: of the subsets of kernel
    distances; ending: of the names in the log; report: is told of features that cannot be kept.
    """
    sides = _sides(look, (pictures, reference, others), report).on(device)
    parts = {measures.of_features: slice(look.width)}
    if look.extractor and look.extractor.sort:
        parts[measures.of_logits] = slice(look.width, None)
    for measure, columns in parts.items():
        yield from compare.of_sets(measure, sides.columns(columns), [measures.generator(seed) for _ in range(2)],
                                   lambda key: on_features(key, look.kind, look.name), ending)


def _sides(look, sets, report):
    if look.arrays:
        return compare.Sides(*look.arrays, None, ("pictures in the file", "of its reference", None))
    arrays = (each and each.features(look.extractor, report) for each in sets)
    return compare.Sides(*arrays, tuple(each and each.what for each in sets))


def doubts(look, rows):
    """Yield a sentence where Frechet distances are of few pictures."""
    few = sorted({row.sets.count for row in rows if row.name.startswith(("frechet", "fid"))})
    for count in few:
        if count <= look.width:
            yield (f"Frechet distances on {look.width:,} features come out too large with only {count:,} pictures: "
                   f"compare them with real against real alone, or take more by --count")
