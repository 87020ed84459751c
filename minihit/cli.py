"""The command line: finds the command, and turns everything that its user can put right into one sentence.

Exit codes: 0; 1 where gradcheck found a wrong gradient; 2 after a mistake that its user can put right; 130 after
Ctrl-C; 141 where the reader of a pipe has left.
"""

import importlib
import os
import sys

from minihit import __version__
from minihit.atomic import CURES
from minihit.errors import UserError

COMMANDS = {
    "train": "train a generator against a discriminator, or go on with a run",
    "data": "prepare pictures for training: CelebA, or any folder or zip; show and check what was prepared",
    "sample": "draw pictures from the generator of a run",
    "interpolate": "an animation that wanders from picture to picture",
    "info": "what a network costs, stage by stage: parameters, multiply-adds, memory",
    "bench": "how fast a step and its phases run, tuned ops beside their definitions, scale, PyTorch beside it",
    "gradcheck": "every gradient beside finite differences: the library's, or those of a layer of your own",
}
HELP = f"""\
usage: minihit COMMAND [OPTIONS]

HiT, the transformer GAN for high-resolution images, in plain NumPy and CuPy, every gradient written by hand.

commands:
{chr(10).join(f"  {name:<12} {purpose}" for name, purpose in COMMANDS.items())}

options:
  -h, --help   show this text; after a command, its options
  --version    show the version

example:
  minihit train                     trains on built-in faces for some minutes and writes runs/faces-32
  minihit sample runs/faces-32      64 of its faces in one picture
"""
USAGE, INTERRUPTED, CLOSED_PIPE = 2, 130, 141


def main(argv=None):
    """Run one command; argv without the program's name. Returns the exit code."""
    try:
        code = _dispatch(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except SystemExit as stop:  # a parser's: after help, or after an option that it does not know
        return stop.code or 0
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except (UserError, MemoryError, OSError) as error:
        sentence = explain(error)
        if sentence is None:
            raise
        print(f"minihit: {sentence}", file=sys.stderr)
        return USAGE
    return code


def explain(error):
    """An exception as a sentence that names the cure; None for one that its user can do nothing about."""
    if isinstance(error, UserError):
        return " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return ("memory ran out: choose a smaller preset, or train with a smaller --batch or --recipe.micro-batch; "
                "minihit info PRESET shows what takes it")
    if error.errno not in CURES:
        return None
    return f"{error.filename or 'writing'}: {error.strerror}; {CURES[error.errno]}"


def _dispatch(argv):
    command = argv[0] if argv else "--help"
    if command in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0
    if command == "--version":
        print(f"minihit {__version__}")
        return 0
    if command not in COMMANDS:
        raise UserError(f"{command!r} is no command: choose one of {', '.join(COMMANDS)}, or see minihit --help")
    return importlib.import_module(f"minihit.commands.{command}").main(argv[1:])
