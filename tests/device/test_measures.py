"""The measures of features on the device and in NumPy: the same numbers; so are the features of the random network."""

import numpy as np
import pytest
from support.features import sets

from minihit import features
from minihit.backend import device_module
from minihit.metrics import frechet, precision_recall
from minihit.metrics.inception_score import inception_score
from minihit.metrics.kernel_distance import kernel_distance

MEASURES = {
    "frechet": lambda x, y: frechet.frechet(*frechet.statistics(x), *frechet.statistics(y)),
    "kernel distance": lambda x, y: kernel_distance(x, y, np.random.default_rng(0), 3, 20),
    "precision and recall": lambda x, y: precision_recall.precision_recall(x, y),
    "inception score": lambda x, y: inception_score(x),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_is_the_same_on_the_device(gpu, name, dtype, monkeypatch):
    monkeypatch.setattr(frechet, "CHUNK", 16)
    monkeypatch.setattr(precision_recall, "ROWS", 16)
    monkeypatch.setattr(precision_recall, "COLUMNS", 12)
    host = [part.astype(dtype) for part in sets(0)]
    expected = MEASURES[name](*host)
    there = [device_module("gpu").asarray(part) for part in host]
    found = MEASURES[name](*there)
    assert found == (expected if gpu.exact else pytest.approx(expected, rel=1e-6, abs=1e-6))


def test_a_measure_waits_for_the_device_once_for_each_number(gpu):
    if not gpu.exact:
        pytest.skip("the double counts")
    there = [device_module("gpu").asarray(part) for part in sets(0)]
    waits = {}
    for name, measure in MEASURES.items():
        gpu.transfers.start()
        measure(*there)
        waits[name] = len(gpu.transfers.syncs)
    assert waits == {"frechet": 1, "kernel distance": 1, "precision and recall": 2, "inception score": 1}


def test_features_of_the_random_network_are_the_same_on_the_device(gpu):
    """To rounding, as a GPU fills its batch up."""
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    expected, found = (features.open("random", device=device).extract(images) for device in ("cpu", "gpu"))
    gpu.near(device_module("gpu").asarray(found), expected)
    assert isinstance(found, np.ndarray)
