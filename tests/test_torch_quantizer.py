"""The quantiser and the Gaussian in PyTorch against minihit's; skipped without PyTorch."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
PATH = Path(__file__).parents[1] / "examples" / "torch_quantizer.py"


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location(PATH.stem, PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_values_gradients_and_codebooks_after_ten_steps_are_minihits(example):
    found = example.differences()
    assert found.keys() == {*example.VARIANTS, "Gaussian"}
    for name, row in found.items():
        assert max(row.values()) < example.TOLERANCE, name


@pytest.mark.parametrize("largest, status", [(1e-15, 0), (1e-3, 1), (float("nan"), 1)])
def test_a_table_is_printed_and_what_is_more_than_rounding_fails(example, monkeypatch, capsys, largest, status):
    monkeypatch.setattr(example, "differences", lambda: {
        "averages": {"values": 1e-16, "gradients": 1e-17, "codebook": 1e-16},
        "Gaussian": {"values": 1e-16, "gradients": largest}})
    assert example.main() == status
    _, _, averages, gaussian = capsys.readouterr().out.splitlines()
    assert averages.split() == ["averages", "1.0e-16", "1.0e-17", "1.0e-16"]
    assert gaussian.split() == ["Gaussian", "1.0e-16", f"{largest:.1e}"]


def wrong_rows(example):
    return {(name, quantity) for name, row in example.differences().items()
            for quantity, value in row.items() if value > example.TOLERANCE}


def test_another_gradient_is_caught(example, monkeypatch):
    monkeypatch.setattr(example, "rotated", lambda z, codes: z + (codes - z.detach()))
    found = wrong_rows(example)
    assert {(name, "gradients") for name in example.VARIANTS if "rotation" in name} == found


def test_other_smoothing_is_caught(example, monkeypatch):
    monkeypatch.setattr(example, "EPS", 1e-3)
    assert {("averages", "codebook"), ("averages, restarts", "codebook")} <= wrong_rows(example)


def test_restarts_are_among_what_is_compared(example, monkeypatch):
    real = example.Quantizer.update
    monkeypatch.setattr(example.Quantizer, "update", lambda self, z, indices, offers: real(
        self, z, indices, [-1] * len(indices)))
    assert {name for name, _ in wrong_rows(example)} == {"averages, restarts", "averages, rotation"}


def test_codes_that_are_learnt_move(example):
    for options in ({"learn": "gradient"}, {"restart": 0.0}):
        config = example.QuantizerConfig(codes=16, width=example.WIDTH, **options)
        network = example.tree.map(np.float64, example.models.first_values(np.random.default_rng(0), config))
        there = example.Quantizer(example.codebook_of(network), config)
        z = np.random.default_rng(1).standard_normal((example.BATCH, example.PLACES, example.WIDTH))
        example.their_step(there, z, 0 * z, None)
        assert abs(there.codebook.detach().numpy() - example.codebook_of(network)).max() > 1e-3
