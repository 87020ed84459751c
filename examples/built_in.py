"""Pack the generator of a run as the one that ships with minihit is packed: its moving average alone, in float16.

    python examples/built_in.py runs/faces-32 minihit/built_in

README's run has `--lanes 2`, whatever the machine.
"""

import argparse
from pathlib import Path

import numpy as np

from minihit import sampling, tree
from minihit.atomic import write_bytes
from minihit.training.run import checkpoint, weights
from minihit.training.run.folder import RunFolder


def main(run, out):
    """Returns the path of the weights."""
    source, target = RunFolder(run), RunFolder(out)
    config, network, step = weights.load_generator(source)
    name, _ = sampling.sampled(config.preset)
    path = checkpoint.path_of(target.checkpoints, step)
    checkpoint.save(path, {"ema": {name: tree.map(lambda leaf: leaf.astype(np.float16), network)}}, {"step": step})
    write_bytes(target.config, source.config.read_bytes())
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder that minihit train wrote")
    parser.add_argument("out", type=Path, help="folder to pack it into")
    print(main(**vars(parser.parse_args())))
