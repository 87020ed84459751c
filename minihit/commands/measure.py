"""minihit measure: how near a run's pictures, or any set, come to others, and how near real ones come to them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from minihit import __version__
from minihit.atomic import write_text
from minihit.backend import resolve_device
from minihit.commands import measured
from minihit.commands.options import Device, Plain, Switch, check_positive, parse, shown
from minihit.comparing import comparison, looks, report
from minihit.comparing.pictures import PARTS
from minihit.errors import UserError, require_seed
from minihit.show.images import check_suffix
from minihit.training.run.folder import NAME

SETS = f"RUN or {NAME}, store, folder of pictures, zip, .npy file, or faces, the drawn ones"


@dataclass(frozen=True)
class Measure:
    """Measure pictures against others: samples of a run against images that it never saw, or any set A against a set B.

    Of sets: sliced Wasserstein distance, distance of nearest neighbours, and on features Frechet distance, kernel
    distance (mean and deviation over subsets), precision and recall. Of pairs, reconstructions and their originals or
    pictures with the same names on both sides: PSNR and SSIM. Beside each stands the same of real against real, other
    real images in place of A: nothing generated comes nearer. All depends on the number of images: compare equal ones.

    Features are those of a fixed random network, which sees textures and colours and is no FID; those of Inception,
    which are FID's, from the weights that you give; or your own, an .npz file with the arrays "pictures" and
    "reference". Those of a store's images are kept in its folder.

    Examples:
      minihit measure runs/faces-32
      minihit measure generated.zip celeba-64 --count 5000 --out measures.json
      minihit measure runs/vqvae-32 photos
      minihit measure runs/faces-32 --features inception --weights weights-inception-2015-12-05-6726825d.pth
    """

    a: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="A", help=f"what is measured: {SETS}")]
    b: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(
        metavar="[B]", help=f"what it is measured against: {SETS}", help_behavior_hint="(default: the data of run A)")
    ] = None
    features: Annotated[str, tyro.conf.arg(metavar="{random,inception,FILE.npz}")] = "random"  # of which network
    weights: Annotated[Path | None, shown("FILE", "none")] = None  # of Inception
    count: Annotated[int | None, shown("INT", "1,000, or as many as the run is measured with")] = None
    """images on both sides, at most"""
    split: Literal[PARTS] = "held-out"       # of a store, the faces or a run's data: what training holds out, or sees
    size: Annotated[int | None, shown("INT", "the run's, the store's, or the first picture's")] = None
    """pixels a side that pictures are brought to"""
    pairs: Switch = False                    # compare picture by picture, whatever the names are
    seed: Annotated[int | None, shown("INT", "the run's, or 0")] = None  # of everything that is drawn
    out: Annotated[Path | None, shown("FILE", "none")] = None  # JSON to write
    raw: Switch = False                      # the weights as the optimiser left them, not their moving average
    device: Device = "auto"                  # auto is the GPU where there is a working one
    plain: Plain = False


def main(argv):
    options = parse(Measure, argv, "measure")
    check_positive(count=options.count, size=options.size)
    if options.seed is not None:
        require_seed("--seed", options.seed)
    if options.out:
        check_suffix(options.out, ".json")
    if options.weights and options.features != "inception":
        raise UserError("--weights are those of --features inception: leave them out, or ask for these features")
    device = resolve_device(options.device)
    look = looks.open_look(options.features, options.weights, device)
    rows = [row for each in measured.comparisons(options, device) for row in comparison.rows(each, look, device)]
    for what, value in look.facts:
        print(f"{what}: {value}")
    print(report.text(rows))
    for sentence in looks.doubts(look, rows):
        print(sentence)
    if options.out:
        record = {"version": __version__, "a": str(options.a), "b": options.b and str(options.b),
                  "features": {"name": look.name, "facts": dict(look.facts)}, "measures": report.plain(rows)}
        write_text(options.out, json.dumps(record, indent=1, allow_nan=False) + "\n")
    return 0
