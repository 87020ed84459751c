"""minihit data show: what a store holds, in words and as a picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from minihit.commands.options import Store, check_positive, parse, shown
from minihit.data.prepare.place import as_meant
from minihit.data.store.reader import open_store
from minihit.errors import require_seed
from minihit.show import images, overview
from minihit.show.room import require_room


@dataclass(frozen=True)
class Show:
    """Print what a store holds, and write a picture of some of its images.

    Examples:
      minihit data show celeba-64
      minihit data show celeba-64 --out faces.png --count 100 --seed 3
    """

    store: Store
    out: Annotated[Path | None, shown("FILE", "STORE.png")] = None  # PNG of the grid
    count: int = 64                          # images in it
    seed: int = 0                            # which ones


def main(argv):
    options = parse(Show, argv, "data show")
    check_positive(count=options.count)
    if options.out:
        images.check_suffix(options.out, ".png")
    require_seed("--seed", options.seed)
    store = open_store(options.store)
    folder = as_meant(options.store)
    out = options.out or folder.with_name(f"{folder.name}.png")
    size = images.grid_size(min(options.count, store.manifest.count), store.manifest.side)
    require_room(out, *size, "choose a smaller --count")
    print(overview.describe(store))
    images.write_png(out, overview.sheet(store, options.count, options.seed))
    print(out)
    return 0
