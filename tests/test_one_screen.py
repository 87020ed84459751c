"""A file of ops/ or layers/ is one idea, forward and right below it backward, on one screen."""

import ast
from pathlib import Path

import pytest

import minihit

ROOT = Path(minihit.__file__).parent
SCREEN = 60                                                               # lines
LONGER = {
    "ops/augment.py": "three augmentations, each with a backward of its own, and what is drawn for them",
    "ops/minibatch_stddev.py": "the one layer of D that is not linear: its tangent, and the gradient of that, besides",
    "layers/residual_downsample.py": "a composite with both gradients apart, and a tangent, as D's algebra needs them",
    "layers/multi_axis_attention.py": "heads are dealt out to two axes and gathered again, forth and back",
}
FILES = [path.relative_to(ROOT).as_posix() for room in ("ops", "layers") for path in sorted((ROOT / room).glob("*.py"))]


def lines(name):
    return len((ROOT / name).read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", [name for name in FILES if name not in LONGER])
def test_a_file_fits_on_a_screen(name):
    assert lines(name) <= SCREEN


@pytest.mark.parametrize("name", LONGER)
def test_what_is_longer_still_shows_forward_and_backward_together(name):
    functions = {node.name: node for node in ast.parse((ROOT / name).read_text(encoding="utf-8")).body
                 if isinstance(node, ast.FunctionDef)}
    assert functions["backward"].end_lineno - functions["forward"].lineno < SCREEN < lines(name)
    names = list(functions)
    assert names.index("backward") == names.index("forward") + 1
