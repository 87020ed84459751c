"""minihit.features: what there is to choose from."""

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from minihit import features
from minihit.errors import UserError


def test_an_extractor_is_opened_by_its_name():
    assert features.open("random").name == "random-256"
    with pytest.raises(UserError, match="need its weights"):
        features.open("inception")


def test_an_extractor_stays_what_it_is():
    with pytest.raises(FrozenInstanceError):
        features.open("random").name = "inception"


def test_another_name_is_refused():
    with pytest.raises(UserError, match="features 'vgg' is unknown: choose one of random, inception"):
        features.open("vgg")


def test_torch_is_not_imported_before_it_is_needed():
    code = "from minihit import features; features.open('random'); import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"torch", "torch_fidelity", "scipy"}.isdisjoint(done.stdout.split())
