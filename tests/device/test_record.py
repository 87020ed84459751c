"""The recorded names of CuPy: what minihit asks of an array module is among them, and they are those of real CuPy."""

import ast
from importlib import resources

import pytest
from strict_cupy import functions, record

MODULES = sorted(path for path in resources.files("minihit").rglob("*.py"))


def asked_of_a_module(source):
    """The dotted names that a source file takes from an array module: xp.name, array_module(x).name."""
    found = {node: ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    for node, text in found.items():
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        prefix = ast.unparse(root)
        called = isinstance(root, ast.Call) and ast.unparse(root.func).endswith(("array_module", "device_module"))
        if prefix in ("xp", "cupy") or called:
            yield text.removeprefix(f"{prefix}.")


def test_the_scan_finds_names_however_the_module_is_reached():
    source = "xp.sum(x) + array_module(f(x)).lib.stride_tricks.as_strided(x) + backend.array_module(x).exp(np.ones(3))"
    assert {"sum", "lib.stride_tricks.as_strided", "exp"} <= set(asked_of_a_module(source))
    assert "ones" not in set(asked_of_a_module(source))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_every_name_asked_of_an_array_module_is_one_of_cupys(path):
    names = record.recorded()["names"]
    for name in asked_of_a_module(path.read_text(encoding="utf-8")):
        assert name in names or any(known.startswith(f"{name}.") for known in names) or name == "__name__", name


def test_a_signature_comes_back_from_its_text():
    assert str(record.signature("concatenate")) == "(tup, axis=None, out=None, *, dtype=None, casting=None)"
    record.signature("add").bind(1, 2, out=3, dtype=4)
    with pytest.raises(TypeError, match="where"):
        record.signature("add").bind(1, 2, where=3)
    with pytest.raises(TypeError, match="positional"):
        record.signature("add").bind(x1=1, x2=2)


def test_all_that_the_double_offers_is_recorded_with_parameters():
    offered = (*functions.CREATION, *functions.JOINING, *functions.ARRAYS, *functions.UFUNCS)
    assert [name for name in offered if record.recorded()["names"].get(name) is None] == []


def test_the_record_is_that_of_the_cupy_that_is_installed():
    """Where this fails after an upgrade of CuPy, refresh the record as its module says and see what changed."""
    cupy = pytest.importorskip("cupy")
    found, recorded = record.collect(cupy), record.recorded()
    changed = {name: (text, found["names"].get(name)) for name, text in recorded["names"].items()
               if found["names"].get(name) != text}
    assert changed == {}
    if found["version"] == recorded["version"]:
        assert found == recorded
