"""A layer out of a module or a notebook that somebody wrote: run as Python runs a script, but in its own folder, its
exceptions told as one sentence with file and line."""

import __future__

import contextlib
import io
import os
import sys
import types
from functools import wraps
from pathlib import Path

from minihit.errors import UserError
from minihit.gradcheck.exceptions import stopped, told
from minihit.gradcheck.notebook import code_cells

FUNCTIONS = ("forward", "backward", "tangent", "fold")


def load(path, functions=FUNCTIONS, values=(), at_home=True):
    """A namespace of the path and of those functions, and values, that the file defines; the file is run.

    What the functions print is shown the first time. at_home: whether they run in the file's folder, with its
    neighbours, and are stopped where they do not end. Raises UserError where the file cannot be read or run.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): give the file of a layer") from None
    home = _Home(path)
    if path.suffix == ".ipynb":
        sources = {f", code cell {i}": source for i, source in enumerate(code_cells(content, path), 1)}
    else:
        sources = {"": content}
    cells = {f"{home.file}{cell}": (cell, _text(source).splitlines()) for cell, source in sources.items()}
    told(home.entering(_run), path, cells)(home, sources)

    def guarded(function):
        return told(home.entering(stopped(function)) if at_home else function, path, cells)

    return types.SimpleNamespace(path=path, **{
        name: home.quiet_after_once(guarded(getattr(home.module, name)))
        for name in functions if callable(getattr(home.module, name, None))}, **{
        name: getattr(home.module, name) for name in values if hasattr(home.module, name)})


class _Home:
    """Where the code of a file runs: in its folder, with its neighbours; afterwards all is as it was.

    Its module has a name that no other has: a layer in numpy.py must not stand in for NumPy. It is among sys.modules
    while its code runs, where dataclasses look for it.
    """

    def __init__(self, path):
        self.path, self.file = path, path.resolve()
        self.module = types.ModuleType(f"homework_{path.stem}")
        self.module.__file__ = str(self.file)
        self.modules, self.search = {self.module.__name__: self.module}, [str(self.file.parent), *sys.path]

    @contextlib.contextmanager
    def entered(self):
        modules, search, folder = dict(sys.modules), list(sys.path), os.getcwd()
        sys.modules.update(self.modules)
        sys.path[:] = self.search
        os.chdir(self.file.parent)
        try:
            yield
        finally:
            os.chdir(folder)
            self.search, sys.path[:] = list(sys.path), search
            self.modules |= {name: module for name, module in sys.modules.items()
                             if modules.get(name) is not module and self.is_neighbour(name)}
            for name in self.modules:
                sys.modules.pop(name, None)
            sys.modules.update({name: modules[name] for name in self.modules if name in modules})

    def is_neighbour(self, name):
        """Whether a module, or the package that it is in, lies beside the file."""
        file = Path(getattr(sys.modules.get(name.partition(".")[0]), "__file__", None) or "/")
        return (file.parent if file.stem == "__init__" else file).parent == self.file.parent

    def entering(self, function):
        """The function at home."""
        @wraps(function)
        def call(*args, **options):
            with self.entered():
                return function(*args, **options)
        return call

    def quiet_after_once(self, function):
        """The function, which prints only when it is called for the first time."""
        called = []

        @wraps(function)
        def call(*args, **options):
            with contextlib.redirect_stdout(io.StringIO()) if called else contextlib.nullcontext():
                called.append(True)
                return function(*args, **options)
        return call


def _run(home, sources):
    """Run the cells of a file, which is one cell where it is no notebook, one after the other."""
    flags = 0
    for cell, source in sources.items():
        code = compile(source, f"{home.file}{cell}", "exec", flags, dont_inherit=True)
        flags |= code.co_flags & __future__.annotations.compiler_flag     # a notebook's cells share it
        exec(code, vars(home.module))


def _text(source):
    return source.decode(errors="replace") if isinstance(source, bytes) else source
