"""A chapter runs in a Jupyter kernel, and so does the notebook that is offered of it."""

import base64
import contextlib
import importlib.util
import os

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from support.chapters import TUTORIALS

from minihit.errors import UserError
from minihit.pages import notebook
from minihit.show.images import read_image

SCRIPT = """\
# %% [markdown]
# # A title
#
#     y = x / 2

# %%
from pathlib import Path

from minihit.show.lesson import picture

print("1 <", 2)

# %%
with picture(2, 1) as drawn:
    drawn.subplots()
print(len(list(Path().glob("*.png"))), "pictures were written")
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "chapter.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def test_a_script_runs_in_a_kernel_and_its_pictures_stand_below_their_cells(script, tmp_path):
    done = []
    (made,) = notebook.run_all([script], 1, done.append)
    assert done == [script]
    _, printed, drawn = made.cells
    assert [output.text for output in printed.outputs] == ["1 < 2\n"]
    png, said = sorted(drawn.outputs, key=lambda output: output.output_type)
    assert said.text == "0 pictures were written\n"
    (tmp_path / "shown.png").write_bytes(base64.b64decode(png.data["image/png"]))
    assert read_image(tmp_path / "shown.png").shape == (110, 220, 3)


def test_a_cell_that_fails_is_told_with_its_script(script):
    script.write_text(SCRIPT + "\n# %%\nassert 1 == 2, 'that is odd'\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"chapter\.py does not run to its end: AssertionError: that is odd"):
        notebook.run_all([script], 1)


@pytest.mark.parametrize("last", ["", "assert False"], ids=["to its end", "to a cell that fails"])
def test_no_kernel_outlives_its_script(script, tmp_path, last):
    pid = tmp_path / "pid"
    script.write_text(f"{SCRIPT}\n# %%\nimport os\n\nPath({str(pid)!r}).write_text(str(os.getpid()))\n{last}\n")
    with pytest.raises(UserError) if last else contextlib.nullcontext():
        notebook.run_all([script], 1)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_notebook_has_the_cells_of_its_script_behind_one_that_installs(path):
    made = nbformat.reads(notebook.to_download(path, "git+https://example.org/minihit"), as_version=4)
    nbformat.validate(made)
    install, *cells = made.cells
    assert cells[0].source.startswith(f"# {int(path.name[:2])}. ")
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        (cell.cell_type, cell.source) for cell in notebook.read(path).cells]
    assert "run_line_magic('pip', 'install --quiet \"git+https://example.org/minihit\"')" in (
        TransformerManager().transform_cell(install.source))


def test_a_notebook_is_the_same_each_time(script):
    assert notebook.to_download(script, None) == notebook.to_download(script, None)


def test_where_nothing_is_known_to_install_from_the_notebook_says_what_to_do(script, monkeypatch):
    install = nbformat.reads(notebook.to_download(script), as_version=4).cells[0].source
    exec(install, {})                                                     # minihit is here
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="install minihit first"):
        exec(install, {})
