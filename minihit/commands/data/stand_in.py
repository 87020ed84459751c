"""minihit data stand-in: drawn faces, packed as a data set is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tqdm import tqdm

from minihit.commands.options import check_positive, parse
from minihit.data.faces import stand_in
from minihit.data.faces.layouts import LAYOUTS
from minihit.errors import require_seed

Folder = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER", help="where the files are written")]


@dataclass(frozen=True)
class StandIn:
    """Draw faces and pack them as CelebA, CelebA-HQ, FFHQ or ImageNet is packed, with its tables: for trying everything
    out without the pictures themselves.

    Examples:
      minihit data stand-in stand-in --count 2000
      minihit data prepare stand-in/img_align_celeba.zip celeba-64 --size 64
      minihit data stand-in stand-in --layout ffhq --count 50
    """

    folder: Folder
    layout: Literal[tuple(LAYOUTS)] = "celeba"  # whose names, sizes and tables
    count: int = 2_000                       # images
    seed: int = 0                            # whose faces


def main(argv):
    options = parse(StandIn, argv, "data stand-in")
    check_positive(LAYOUTS[options.layout].most, count=options.count)
    require_seed("--seed", options.seed)
    with tqdm(desc="drawing", total=options.count, unit="image", disable=None, leave=False) as bar:
        path = stand_in.write(options.folder, options.count, options.seed, bar.update, options.layout)
    print(path)
    return 0
