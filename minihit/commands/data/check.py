"""minihit data check: whether a store is whole and as it was written."""

from dataclasses import dataclass

from tqdm import tqdm

from minihit.commands.options import Store, parse
from minihit.data.store import twins
from minihit.data.store.reader import verify


@dataclass(frozen=True)
class Check:
    """Read a store whole and compare it with its manifest: the length and the hash of every file.

    Examples:
      minihit data check celeba-64
    """

    store: Store


def main(argv):
    options = parse(Check, argv, "data check")
    with tqdm(desc="reading", unit="B", unit_scale=True, disable=None, leave=False) as bar:
        store = verify(options.store, bar.update)
    manifest, (equal, shared) = store.manifest, twins.of_store(store)
    print(f"{options.store} is whole: {manifest.count:,} images of {manifest.side} x {manifest.side}, "
          f"{len(manifest.files)} files as they were written")
    for sentence in twins.sentences(equal, manifest.count, shared):
        print(f"of its images {sentence}")
    return 0
