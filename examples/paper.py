"""HiT's recipes, data set by data set: what to type for each, and the time and memory that one GPU would need.

The numbers of each recipe are its preset's, and minihit/presets/gan.py says where they come from. Time and memory are
estimates from one measured step, by the rule of minihit/bench/forecast.py. Three things differ from the official code:
a part of every data set is held out for measurements, where it trains on all 30,000 and 70,000 faces; random crops of
ImageNet come from the square in the middle of a picture, where it takes them from anywhere; and for 1024 x 1024 pixels
it has no command, so that the recipe for 256 x 256 stands in.
"""

import argparse
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from minihit.bench.forecast import forecast
from minihit.bench.table import aligned
from minihit.data.faces.layouts import LAYOUTS
from minihit.presets import PRESETS
from minihit.training.estimate import LOOKING, duration
from minihit.training.room import gigabytes

FOLDER, DRAWN = "pictures", "stand-in"                                    # where data sets lie, and drawn faces
COUNT = 50                                                                # of these
HEAD = ("preset", "data", "batch", "group", "rate", "R1", "bCR", "steps", "FID", "s/step", "in all", "memory",
        "in 24 GB")
LEGEND = """
group: images that batch norm takes its statistics from, a micro-batch; FID: published
s/step, in all, memory: of one H100, estimated from a measured step of celeba-64
in 24 GB: the --micro-batch for a GPU of such a memory; below group, batch norm's statistics are not the paper's"""
SMALLER_GPU = 24 * 10**9                                                  # bytes


@dataclass(frozen=True)
class Recipe:
    """source: what the data set is given out as; layout: of its stand-in; filter: what shrank the official pictures;
    fid: published, of 50,000 samples."""

    preset: str
    data: str
    source: str
    layout: str
    filter: str
    fid: float

    def prepare(self, source):
        """The command that makes a store of a source."""
        size = PRESETS[self.preset].size
        return ["data", "prepare", str(source), self.store, "--size", str(size), "--filter", self.filter]

    def train(self):
        """The command that trains on the store; it writes into runs/PRESET."""
        return ["train", "--preset", self.preset, "--data", self.store]

    def draw(self, folder, count):
        """The command that draws faces in the clothes of the data set."""
        return ["data", "stand-in", str(folder), "--layout", self.layout, "--count", str(count)]

    def drawn(self, folder):
        """What that command writes, for prepare."""
        return Path(folder) / LAYOUTS[self.layout].images

    @property
    def store(self):
        return f"{self.layout}-{PRESETS[self.preset].size}"


# faces of 256 x 256 are means of 4 x 4 pixels in the files that the official code reads (Karras et al. 2018: each level
# of their TFRecords halves the one before), ImageNet it shrinks with a bicubic filter itself
RECIPES = [
    Recipe("hit-128", "ImageNet", "ILSVRC2012/train", "imagenet", "bicubic", 30.83),
    Recipe("hit-256", "CelebA-HQ", "CelebAMask-HQ.zip", "celeba-hq", "box", 3.39),
    Recipe("hit-256-ffhq", "FFHQ", "images1024x1024", "ffhq", "box", 2.95),
    Recipe("hit-256-large", "FFHQ", "images1024x1024", "ffhq", "box", 2.58),
    Recipe("hit-1024", "CelebA-HQ", "CelebAMask-HQ.zip", "celeba-hq", "box", 8.83),
    Recipe("hit-1024-ffhq", "FFHQ", "images1024x1024", "ffhq", "box", 6.37),
]


def row(recipe):
    preset = PRESETS[recipe.preset]
    numbers, said = preset.recipe, forecast(preset)
    return (recipe.preset, f"{recipe.data} {preset.size}", str(numbers.batch), str(numbers.micro_batch),
            f"{numbers.generator_rate:.0e}", f"{numbers.r1:g}", f"{numbers.consistency:g}", f"{numbers.steps:,}",
            f"{recipe.fid}", f"{said.seconds:.2g}", duration(numbers.steps * said.seconds * LOOKING),
            gigabytes(said.memory), str(fitting(preset, SMALLER_GPU)))


def fitting(preset, memory):
    """The largest micro-batch, of the preset's, halved and halved again, that so many bytes hold; 0: none."""
    size = preset.recipe.micro_batch
    while size and forecast(replace(preset, recipe=replace(preset.recipe, micro_batch=size))).memory > memory:
        size //= 2
    return size


def lines(recipe, folder):
    """{title: commands}."""
    return {f"{recipe.preset}, {recipe.data}:": [recipe.prepare(f"{folder}/{recipe.source}"), recipe.train()],
            "  with drawn faces in their place:": [recipe.draw(DRAWN, COUNT), recipe.prepare(recipe.drawn(DRAWN))]}


def main(folder=FOLDER):
    """Print a table of all recipes, and below it the lines of each."""
    print(aligned(HEAD, list(map(row, RECIPES))))
    print(LEGEND)
    for recipe in RECIPES:
        print()
        for title, commands in lines(recipe, folder).items():
            print(title, *(f"    minihit {shlex.join(command)}" for command in commands), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=FOLDER, help="where the pictures lie; default %(default)s")
    main(parser.parse_args().folder)
