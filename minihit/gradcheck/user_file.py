"""A layer out of a file that somebody wrote: run as Python, its exceptions told as one sentence with file and line."""

import sys
import traceback
import types
from functools import wraps

from minihit.errors import UserError

REQUIRED, OPTIONAL = ("forward", "backward"), ("tangent", "fold")


def load(path):
    """A namespace of the path and of the file's forward, backward and, where there, tangent and fold; the file is run.

    Raises UserError where it cannot be read or run, or lacks one of the first two.
    """
    module = types.ModuleType(path.stem)
    try:
        source = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): give the file of a layer") from None
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)                                            # as Python does for a script
    try:
        _guarded(lambda: exec(compile(source, str(path), "exec"), vars(module)), path)()
    finally:
        sys.path.remove(folder)
    functions = {name: getattr(module, name) for name in REQUIRED + OPTIONAL if callable(getattr(module, name, None))}
    missing = [name for name in REQUIRED if name not in functions]
    if missing:
        raise UserError(f"{path} defines no {' and no '.join(missing)}: write forward(params, x), which returns "
                        f"(y, cache), and backward(dy, cache), which returns (dx, grads)")
    guarded = {name: _guarded(function, path) for name, function in functions.items()}
    return types.SimpleNamespace(path=path, **guarded)


def _guarded(function, path):
    """The function, whose exceptions become a sentence with file and line."""
    @wraps(function)
    def call(*args, **options):
        try:
            return function(*args, **options)
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            raise UserError(f"{path}{_line(error, path)}: {_words(error)}") from None
    return call


def _line(error, path):
    """Where in the file it happened: the innermost line of the traceback there, or that of a syntax error."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if isinstance(error, SyntaxError) and error.filename == str(path):
        lines.append(error.lineno)
    return f", line {lines[-1]}" if lines else ""


def _words(error):
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {message}".removesuffix(": ")
