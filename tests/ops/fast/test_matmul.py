"""The seam that every product of a step goes through; what it does on a GPU is in tests/device/test_cublas.py."""

import ast
from pathlib import Path

import numpy as np
import pytest
from support.helpers import assert_same, normal

import minihit
from minihit.ops import switch
from minihit.ops.matmul import matmul

PACKAGE = Path(minihit.__file__).parent
ROOMS = ("ops", "ops/fast", "layers", "models", "models/*", "objectives", "training")
FILES = sorted(path for room in ROOMS for path in PACKAGE.glob(f"{room}/*.py"))
ON_A_CPU_ALONE = ("winograd_passes",)


def replaced(path):
    """Whether on a GPU a twin runs in the place of what the file defines."""
    return path.parent.name == "ops" and switch.has_twin(path.stem)


@pytest.mark.parametrize("path", [path for path in FILES if not replaced(path) and path.stem not in ON_A_CPU_ALONE],
                         ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_product_of_a_step_goes_past_the_seam(path):
    """CuPy's own `@` cannot be recorded."""
    products = [node.lineno for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if (isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.MatMult))
                or (isinstance(node, ast.Attribute) and node.attr in ("matmul", "dot", "einsum", "tensordot")
                and path.stem != "matmul")]
    assert products == []


def test_on_a_cpu_it_is_numpys():
    a, b, out = normal(0, 2, 3, 4), normal(1, 4, 5), np.empty((2, 3, 5))
    assert_same(matmul(a, b), a @ b)
    assert matmul(a, b, out) is out
    assert_same(out, a @ b)
