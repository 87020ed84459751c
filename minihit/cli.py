"""The command line: finds the command, and turns everything that its user can put right into one sentence.

Exit codes: 0, also where the reader of a pipe has left; 1 where gradcheck found a wrong gradient; 2 after a mistake
that its user can put right; 130 after Ctrl-C; 143 after SIGTERM and SIGHUP.
"""

import importlib
import sys

from minihit import __version__, signals
from minihit.atomic import CURES
from minihit.errors import UserError
from minihit.streams import lasting

COMMANDS = {
    "train": "train a generator against a discriminator, or an autoencoder, or go on with a run",
    "data": "prepare pictures for training: CelebA, or any folder or zip; show and check what was prepared",
    "sample": "draw pictures from the generator of a run",
    "interpolate": "an animation that wanders from picture to picture",
    "reconstruct": "pictures beside what an autoencoder makes of them, with numbers",
    "measure": "how near samples, reconstructions or any pictures come to others: distances, precision, FID, pairs",
    "codebook": "what the codes of a VQ-VAE stand for, and where each is used",
    "attention": "a page where each pixel of a picture shows what it attends to",
    "trace": "one training step, call by call, forth and back",
    "info": "what a network costs, stage by stage: parameters, multiply-adds, memory",
    "bench": "how fast a step and its phases run, tuned ops beside their definitions, scale, PyTorch beside it",
    "learn": "the way through the chapters: your exercises graded, faces trained with your own layers",
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
  minihit sample                    64 faces by the generator that ships with it
  minihit train                     trains on built-in faces for some minutes and writes runs/faces-32
  minihit sample runs/faces-32      64 of its faces in one picture
"""
USAGE = 2


def main(argv=None):
    """Run one command; argv without the program's name. Returns the exit code."""
    with lasting() as out:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        out.flush()
        if code or out.refusal is None or isinstance(out.refusal, BrokenPipeError):
            return code
        print(f"minihit: {_lost(out.refusal)}", file=sys.stderr)
        return USAGE


def _run(argv):
    """The exit code of a command, with a sentence where it failed."""
    try:
        command, rest = _find(argv)
        with signals.handled(signals.stop):
            return command(rest)
    except SystemExit as stop:  # a parser's: after help, or after an option that it does not know
        return stop.code or 0
    except KeyboardInterrupt as stop:
        print(f"minihit: {stop}" if stop.args else "", file=sys.stderr)
        return signals.TERMINATED if isinstance(stop, signals.Terminated) else signals.INTERRUPTED
    except (UserError, MemoryError, OSError) as error:
        sentence = explain(error)
        if sentence is None:
            raise
        print(f"minihit: {sentence}", file=sys.stderr)
        return USAGE


def _lost(refusal):
    """What is said where nothing else failed than to show what was found."""
    cure = CURES.get(getattr(refusal, "errno", None), "send it somewhere else")
    return f"cannot write to standard output: {getattr(refusal, 'strerror', refusal)}; {cure}; all else is done"


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


def _find(argv):
    """(function, its arguments) that do what is asked for."""
    command = argv[0] if argv else "--help"
    if command in ("-h", "--help", "help"):
        return _say, HELP
    if command == "--version":
        return _say, f"minihit {__version__}\n"
    if command not in COMMANDS:
        raise UserError(f"{command!r} is no command: choose one of {', '.join(COMMANDS)}, or see minihit --help")
    return importlib.import_module(f"minihit.commands.{command}").main, argv[1:]


def _say(text):
    print(text, end="")
    return 0
