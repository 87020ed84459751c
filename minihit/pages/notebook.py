"""A chapter as a notebook: the one to download, and the one that has run, in a Jupyter kernel as a reader runs it."""

import asyncio
import os
import subprocess
import tempfile

import jupytext
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from minihit.errors import UserError
from minihit.pages import names

LONGEST = 600                                                             # seconds that a cell may take
INSTALL = """\
# On Colab, and wherever minihit is not installed yet, this cell brings it.
import importlib.util

if importlib.util.find_spec("minihit") is None:
    {action}"""
UNKNOWN = 'raise ImportError("install minihit first: pip install FOLDER, where FOLDER is your copy of its repository")'


def read(path):
    """The notebook of a percent script: Markdown cells and code cells."""
    return jupytext.read(path, fmt="py:percent")


def to_download(path, address=None):
    """JSON of the notebook, whose first cell installs minihit; address: what pip installs it from, where known."""
    notebook = read(path)
    action = f'%pip install --quiet "{address}"' if address else UNKNOWN
    notebook.cells.insert(0, nbformat.v4.new_code_cell(INSTALL.format(action=action)))
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    return nbformat.writes(notebook) + "\n"


def run_all(paths, at_once, done=lambda path: None):
    """The notebooks of scripts with all their outputs, so many at a time; done(path) is called as each ends.

    Raises UserError where a cell fails.
    """
    return asyncio.run(_run_all(paths, at_once, done))


async def _run_all(paths, at_once, done):
    room = asyncio.Semaphore(at_once)

    async def one(path):
        async with room:
            made = await _run(path)
            done(path)
            return made

    tasks = [asyncio.ensure_future(one(path)) for path in paths]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:                                                # where one failed, all others end with it
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _run(path):
    notebook = read(path)
    inherited = os.pathsep.join(filter(None, [str(names.ROOT), os.environ.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        kernel = AsyncKernelManager(kernel_name="python3", **_transport(folder))
        client = NotebookClient(notebook, kernel, timeout=LONGEST, resources={"metadata": {"path": folder}})
        try:
            await client.async_execute(env={**os.environ, "PYTHONPATH": inherited, "IPYTHONDIR": folder},
                                       stderr=subprocess.DEVNULL, cleanup_kc=True)        # else the kernel would go on
        except CellExecutionError as error:
            raise UserError(f"{path} does not run to its end: {error.ename}: {error.evalue}") from error
        except DeadKernelError as error:
            raise UserError(f"{path}: its kernel was ended from outside: see that there is memory for it") from error
    return notebook


def _transport(folder):
    """Sockets in the folder, where the system has such, as two kernels can be given the same port."""
    return {} if os.name == "nt" else {"transport": "ipc", "ip": os.path.join(folder, "kernel")}
