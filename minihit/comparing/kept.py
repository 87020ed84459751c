"""Features of a store's images, kept beside them in its folder, since finding them is what takes long.

    features-NAME-held-out.npz    of images that training holds out, by the extractor of that name
    features-NAME-training.npz    of images that it trains on, cropped in the middle
    features-NAME-taken.npz       of images that it trains on, as it takes them

Kept are the features themselves, since means and covariances are not enough for kernel distances, precision and recall;
beside them the logits of a network that has any; and which images they are of: the rows, crops and mirrorings of a
Plan, from its first image on, so that a longer one only adds to it. A file is believed where it names the fingerprint
of the store, the extractor with all its facts and this version, and its hash is that of what it holds. An older one is
replaced; what is no such file is left alone.

Shapes: features (N, D), or with logits (N, D + classes), float32, on the host.
"""

import hashlib
import re
import zipfile

import numpy as np

from minihit import __version__, npz
from minihit.atomic import replacing
from minihit.data.dataset import Plan, gather
from minihit.data.store.manifest import FEATURES
from minihit.errors import UserError

FORMAT = "minihit features 1"
CHUNK_PIXELS = 2**26                                                      # of images read together


def of_plan(data, plan, part, extractor, report=print):
    """Features of the images of a Plan of an ImageSet, from its store's file or found now; and then they are kept.

    part: which of the files; report: is told of a file that is no use, and of one that cannot be
    written. Images of no store are not kept.
    """
    if data.store is None:
        return found(data, plan, extractor)
    path, facts = file_of(data.store, part, extractor), facts_of(data, extractor)
    try:
        before, known = read(path, facts)
    except UserError as error:
        report(f"{error}; they are found again each time")
        return found(data, plan, extractor)
    first = shared(before, plan)
    if first == len(plan.indices):
        return known[:first]
    rest = found(data, Plan(*(numbers[first:] for numbers in plan)), extractor)
    features = np.concatenate([known[:first], rest]) if first else rest
    try:
        write(path, facts, plan, features)
    except UserError as error:
        report(f"features of {data.source} are found again each time: {error}")
    return features


def found(data, plan, extractor):
    """Features of the images of a Plan, read a few at a time."""
    data.check()
    count, step = len(plan.indices), max(1, CHUNK_PIXELS // data.size**2)
    parts = (Plan(*(numbers[start:start + step] for numbers in plan)) for start in range(0, count, step))
    return np.concatenate([of_images(gather(data.images, part, data.size), extractor) for part in parts])


def of_images(images, extractor):
    """All that an extractor finds in images, uint8 (N, S, S, 3)."""
    return np.concatenate(extractor.sort(images), axis=1) if extractor.sort else extractor.extract(images)


def file_of(folder, part, extractor):
    """The file of an extractor's features in the folder of a store."""
    name = re.sub("[^a-z0-9]+", "-", extractor.name.lower()).strip("-")
    return folder / f"{FEATURES}{name}-{part}.npz"


def facts_of(data, extractor):
    """What a file must say of itself."""
    return {"format": FORMAT, "version": __version__, "images": data.fingerprint, "size": data.size,
            "extractor": extractor.name, "facts": [list(map(str, fact)) for fact in extractor.facts]}


def shared(before, plan):
    """How many images two Plans begin with in common."""
    count = min(len(before.indices), len(plan.indices))
    equal = [numbers[:count] == others[:count] for numbers, others in zip(before, plan, strict=True)]
    return int(np.logical_and.reduce(equal).cumprod().sum())


def read(path, facts):
    """(Plan, features) that a file of those facts keeps; an empty Plan where there is no such file, or one of others.

    Raises UserError where it is damaged or something else.
    """
    nothing = Plan(*np.zeros((3, 0), np.int64), np.zeros(0, bool)), None
    try:
        with zipfile.ZipFile(path) as archive:
            members = npz.members(archive)
            said = npz.read_facts(archive, members)
            if said["format"] == FORMAT and {**said, **facts} != said:
                return nothing
            plan = Plan(*(npz.read(archive, members[name], _is_column(like))
                          for name, like in zip(Plan._fields, nothing[0], strict=True)))
            features = npz.read(archive, members["features"], _is_table(len(plan.indices)))
        if said["hash"] != _hash(plan, features):
            raise ValueError("its hash is another one")
    except FileNotFoundError:
        return nothing
    except Exception as error:  # a damaged file makes zipfile and NumPy raise nearly anything
        raise UserError(f"{path} is no whole file of features ({type(error).__name__}): delete it, so that new ones "
                        f"can be kept") from error
    return plan, features


def write(path, facts, plan, features):
    """Raises UserError where the disk refuses."""
    with replacing(path) as file:
        np.savez(file, header=npz.header({**facts, "hash": _hash(plan, features)}), **plan._asdict(), features=features)


def _is_column(like):
    return lambda shape, dtype: len(shape) == 1 and dtype == like.dtype


def _is_table(count):
    return lambda shape, dtype: len(shape) == 2 and shape[0] == count and dtype == np.float32


def _hash(plan, features):
    """Of all that a file holds but its facts."""
    digest = hashlib.sha256()
    for array in (*plan, features):
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()
