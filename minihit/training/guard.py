"""What may end a run before its last step: a value that is not finite, Ctrl-C, and other signals that ask to stop."""

import math
import os
import signal
from contextlib import contextmanager, suppress

from minihit import signals, tree
from minihit.errors import UserError
from minihit.training.run import checkpoint

_STDERR = 2


def check_finite(metrics, grads, number, folder):
    """Raise UserError that names the first thing that is not finite; nothing of this step is saved."""
    if all(math.isfinite(float(value)) for value in metrics.values()):
        return
    culprit = first_not_finite({f"gradient of {name}": leaves for name, leaves in grads.items()})
    culprit = culprit or next(name for name, value in metrics.items() if not math.isfinite(float(value)))
    saved = checkpoint.newest(folder.checkpoints)
    kept = f"; {saved[0].name} from before is whole" if saved else ""
    raise UserError(f"step {number}: {culprit} is not finite{kept}: "
                    f"start another run with a lower learning rate or --recipe.clip 1")


def first_not_finite(named_trees):
    """The path of the first leaf, in {name: tree}, with an infinite or undefined value; None where there is none."""
    for name, leaves in named_trees.items():
        for path, leaf in tree.items(leaves):
            if not math.isfinite(float(abs(leaf).max())):
                return f"{name}/{path}"
    return None


@contextmanager
def interruptible():
    """A list of the signals that ask to stop, so that the step is finished and saved; a second Ctrl-C stops at once.

    SIGTERM and SIGHUP often come twice, from the system and from a shell, and mean nothing more by that.
    """
    asked = []

    def finish(number, frame):
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not asked:
            again = "press it again" if number == signal.SIGINT else "press Ctrl-C"
            text = f"\n{signals.name_of(number)}: finishing this step and saving; {again} to stop at once\n"
            with suppress(OSError):                                       # print may be what was interrupted
                os.write(_STDERR, text.encode())
        asked.append(number)

    with signals.handled(finish):
        yield asked
