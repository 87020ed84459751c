"""May a run begin in this folder? What a person, another program or an earlier run left there is not written over."""

import os

from minihit.errors import UserError
from minihit.training.run import checkpoint, log
from minihit.training.run.config import read_config

SYSTEM = ("Thumbs.db", "desktop.ini", "lost+found", "System Volume Information", "$RECYCLE.BIN")
SHOWN = 3                                                                 # names in a message


def require_free(folder):
    """Raise UserError where a run that begins in the RunFolder would write over what is not its own.

    Free are a folder that is missing or empty, and one with a run that never got as far as a checkpoint; what else lies
    beside a run is never touched. Nor are hidden names, the lock and the half-written files of a killed start among
    them, and what systems put into every folder.
    """
    names = sorted(filter(_counts, os.listdir(folder.path))) if folder.path.is_dir() else []
    config = _config(folder)
    if names and config is None:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise UserError(f"{folder.path} is not the folder of a run, it holds {', '.join(names[:SHOWN])}{more}: "
                        f"choose an empty or a new folder by --run")
    if names and not checkpoint.newest(folder.checkpoints) and _was_saved(folder, config):
        raise UserError(f"{folder.path} holds a run whose checkpoints are gone: put them back and go on with --resume, "
                        f"or choose another folder by --run")


def _counts(name):
    return not name.startswith(".") and name not in SYSTEM


def _config(folder):
    """The RunConfig in the folder; None where there is none that makes sense."""
    try:
        return read_config(folder)
    except UserError:
        return None


def _was_saved(folder, config):
    """Whether the log goes on beyond the step of the first checkpoint, or the run reached its end."""
    last = max((record["step"] for record in log.read(folder.log)), default=0)
    return last > config.save_every or folder.curves.exists()
