"""StyleGAN2's generator in PyTorch against minihit's; skipped without PyTorch."""

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("torch")
PATH = Path(__file__).parents[1] / "examples" / "torch_stylegan2.py"


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location(PATH.stem, PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_images_gradients_and_truncated_images_are_minihits(example):
    found = example.differences()
    assert found.keys() == {f"{name}, {kind} noise" for name in example.VARIANTS for kind in ("drawn", "fixed")}
    for name, row in found.items():
        assert row.keys() == {"images", "gradients", "truncated"}
        assert max(row.values()) < example.TOLERANCE, name


@pytest.mark.parametrize("largest, status", [(1e-15, 0), (1e-3, 1), (float("nan"), 1)])
def test_a_table_is_printed_and_what_is_more_than_rounding_fails(example, monkeypatch, capsys, largest, status):
    monkeypatch.setattr(example, "differences", lambda: {
        "side 4": {"truncated": 1e-17, "images": 1e-16, "gradients": 2e-16},
        "side 8": {"truncated": 1e-17, "images": 1e-16, "gradients": largest}})
    assert example.main() == status
    _, _, low, high = capsys.readouterr().out.splitlines()
    assert low.split() == ["side", "4", "1.0e-16", "2.0e-16", "1.0e-17"]
    assert high.split() == ["side", "8", "1.0e-16", f"{largest:.1e}", "1.0e-17"]


def test_without_pytorch_a_sentence_says_how_to_get_it(example, monkeypatch, capsys):
    monkeypatch.setattr(example, "torch", None)
    assert example.main() == 2
    assert capsys.readouterr().err == "PyTorch is not installed: pip install torch brings it\n"


def wrong_rows(example):
    return {(name, quantity) for name, row in example.differences().items()
            for quantity, value in row.items() if not value <= example.TOLERANCE}


WRONG = {  # another network: which quantities differ in the row "side 32, drawn noise"
    "other demodulation": (lambda m: ("EPS", 1e-3), {"images", "gradients", "truncated"}),
    "no gain": (lambda m: ("rectified", lambda x: m.F.leaky_relu(x, 0.2)), {"images", "gradients", "truncated"}),
    "another order of padding": (
        lambda m: ("filtered", lambda x, before, after, right=m.filtered: m.F.pad(
            right(x, 2, 1), (before - 2, after - 1, before - 2, after - 1))), {"images", "gradients", "truncated"}),
    "no average of w": (
        lambda m: ("ours", lambda params, z, config, averages, noise, dimage, right=m.ours: right(
            params, z, config, {"w": 0 * averages["w"]}, noise, dimage)), {"truncated"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_network_is_caught(example, monkeypatch, name):
    change, expected = WRONG[name]
    monkeypatch.setattr(example, *change(example))
    assert {quantity for row, quantity in wrong_rows(example) if row == "side 32, drawn noise"} == expected
