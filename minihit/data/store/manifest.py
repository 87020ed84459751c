"""What a store says about itself: the names of its files, and how many images of which size they hold, made of what."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from minihit.errors import UserError

FORMAT, FIRST_FORMAT = "minihit store 2", "minihit store 1"
SPLITS = ("train", "valid", "test")
IMAGES, NAMES, SKIPPED, MANIFEST = "images.npy", "names.json", "skipped.json", "manifest.json"
ATTRIBUTES, LABELS = "attributes.npy", "labels.npy"
UNFINISHED, JOURNAL, LOCK = "images.npy.partial", "journal.jsonl", ".lock"  # of `minihit.data.prepare`
PARTS = {IMAGES, NAMES, SKIPPED, MANIFEST, ATTRIBUTES, LABELS, UNFINISHED, JOURNAL}
FEATURES = "features-"  # begins the names of `minihit.comparing.kept`, which come and go
UNKNOWN = -1
LARGEST_MANIFEST = 2**24  # bytes; that of ImageNet's thousand classes has 20 thousand
BLOCK = 2**20  # bytes


@dataclass(frozen=True)
class Manifest:
    """What is in a store and how it was made. The first format had none of the fields with defaults, and no hash."""

    source: str  # as it was given
    layout: str  # what the source was recognised as
    listing: str  # hash of the names of the source's pictures; in the first format of their sizes and splits too
    count: int  # images
    size: int  # side of the images that training sees
    side: int  # side of the images that are kept; what is more than `size` is room for random crops
    crop: str  # "square", the largest in the middle, the side in pixels of the one in the middle, or "none"
    filter: str  # of resizing
    skipped: int  # files that could not be used
    splits: dict  # name -> images; they follow one another in this order; {}: not split
    attributes: list  # names of the columns of attributes.npy
    classes: list  # names of the numbers in labels.npy
    files: dict  # name -> {"bytes": length, "sha256": hash}, of all other files of the store
    made_with: dict  # versions of what decided the pixels
    content: str = ""  # hash of what shows that pictures or tables were changed: see `minihit.data.prepare.listing`
    equal: int = UNKNOWN  # images that repeat an earlier one, pixel for pixel
    shared: int = UNKNOWN  # different images that stand in more than one split
    fit: str = "square"  # what was done about pictures that are no squares: "square", "pad", "stretch"
    greys: str = "full"  # what is white in greys wider than 8 bits: "full" range, or the brightest pixel, "stretch"
    megapixels: int = 90  # of the largest pictures that were decoded
    column: str = ""  # of Parquet files, the one with the pictures, where it was named

    @property
    def fingerprint(self):
        """The hash of the images: two stores with the same one hold the same images in the same order."""
        return self.files[IMAGES]["sha256"]


DEFAULTS = {field.name: field.default for field in dataclasses.fields(Manifest)
            if field.default is not dataclasses.MISSING}  # what a store is that was made before there was a choice


def is_part(name):
    """Whether a file of that name in the folder of a store is one of its own."""
    return name in PARTS or name.startswith(FEATURES)


def is_store(path):
    """Whether there is a store at `path`, be it a finished one or not."""
    return any(Path(path, name).exists() for name in (MANIFEST, JOURNAL))


def read_manifest(path):
    """The Manifest of the store in the folder `path`. Raises UserError where it has none that makes sense."""
    try:
        with open(path / MANIFEST, "rb") as file:
            return parse_manifest(file.read(LARGEST_MANIFEST))
    except FileNotFoundError as error:
        if is_store(path):
            raise UserError(f"{path} is not finished: give its minihit data prepare again, it goes on where it stopped"
                            ) from error
        raise UserError(f"there is no store at {path}: minihit data prepare SOURCE {path} makes one") from error
    except OSError as error:
        raise damaged(path, f"{MANIFEST}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise damaged(path, f"{MANIFEST} makes no sense ({error})") from error


def manifest_bytes(facts):
    """What manifest.json holds: the facts, and last a hash of all before it, so that no flipped bit stays unseen."""
    facts = {"format": FORMAT, **facts}
    return json_bytes({**facts, "sha256": hashlib.sha256(json_bytes(facts)).hexdigest()})


def json_bytes(facts):
    return json.dumps(facts, indent=1).encode() + b"\n"


def parse_manifest(content):
    """A Manifest of the bytes of its file. Raises ValueError, TypeError or KeyError where that is not one."""
    facts = json.loads(content)
    kind = facts.pop("format", None) if isinstance(facts, dict) else None
    if kind not in (FORMAT, FIRST_FORMAT):
        raise ValueError(f"it does not begin with {FORMAT!r}")
    if kind == FIRST_FORMAT and facts.keys() & DEFAULTS.keys():
        raise ValueError(f"it holds more than {FIRST_FORMAT!r} does")
    if kind == FORMAT and (facts.pop("sha256", None) is None or manifest_bytes(facts) != content):
        raise ValueError("it is not what it was when the store was made")
    return build_manifest(facts)


def build_manifest(facts):
    """A Manifest of its fields. Raises ValueError, TypeError or KeyError where they make no sense."""
    manifest = Manifest(**facts)
    for field in dataclasses.fields(Manifest):
        if type(getattr(manifest, field.name)) is not field.type:
            raise ValueError(f"{field.name} is {getattr(manifest, field.name)!r:.40}")
    if not (manifest.count > 0 and 0 < manifest.size <= manifest.side):
        raise ValueError(f"{manifest.count} images of side {manifest.side} for {manifest.size}")
    if not all(UNKNOWN <= number < manifest.count for number in (manifest.equal, manifest.shared)):
        raise ValueError(f"{manifest.equal} equal and {manifest.shared} shared of {manifest.count} images")
    known = [name for name in SPLITS if name in manifest.splits]
    if known != list(manifest.splits) or (known and sum(manifest.splits.values()) != manifest.count):
        raise ValueError(f"splits {manifest.splits!r:.80} of {manifest.count} images")
    if set(manifest.files) != set(expected_files(manifest.attributes, manifest.classes)):
        raise ValueError(f"files {list(manifest.files)!r:.80}")
    numbers = [*manifest.splits.values(), *(facts["bytes"] for facts in manifest.files.values())]
    texts = [*manifest.attributes, *manifest.classes, *(facts["sha256"] for facts in manifest.files.values())]
    if not all(type(number) is int and number >= 0 for number in numbers) or not all(type(x) is str for x in texts):
        raise ValueError("a number or a text is none")
    return manifest


def expected_files(attributes, classes):
    """The names of a store's files, its manifest excepted."""
    return [IMAGES, NAMES, SKIPPED] + [ATTRIBUTES] * bool(attributes) + [LABELS] * bool(classes)


def describe_file(path, progress=None):
    """The length and the hash of a file, as the manifest keeps them; progress(count) is called with bytes just read."""
    digest, length = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            length += len(block)
            if progress:
                progress(len(block))
    return {"bytes": length, "sha256": digest.hexdigest()}


def damaged(path, what):
    return UserError(f"{path} is no whole store, {what}: give another folder, or delete this one and prepare it again")
