from dataclasses import FrozenInstanceError

import pytest

from minihit.errors import UserError
from minihit.models.quantizer.config import QuantizerConfig

REFUSALS = [
    ({"learn": "ema"}, "learn 'ema' is unknown: choose one of average, gradient"),
    ({"codes": 0}, "codes is 0: it must be at least 1"),
    ({"width": -1}, "width is -1: it must be at least 1"),
    ({"codes": 2**16 + 1}, "codes is 65537: it must be at most 65,536"),
    ({"width": 2**16 + 1}, "width is 65537: it must be at most 65,536"),
    ({"decay": 1.0}, "decay is 1.0: it must be at least 0 and less than 1"),
    ({"decay": -0.1}, "decay is -0.1: it must be at least 0 and less than 1"),
    ({"restart": 1.0}, "restart is 1.0: it must be at least 0 and less than 1"),
    ({"codes": 0, "width": 0}, "codes is 0: it must be at least 1"),       # the first of two is named
    ({"decay": 2.0, "restart": 2.0}, "decay is 2.0: it must be at least 0 and less than 1"),
    ({"restart": float("nan")}, "restart is nan: it must be at least 0 and less than 1"),
]


@pytest.mark.parametrize("options, sentence", REFUSALS)
def test_what_cannot_be_is_refused(options, sentence):
    with pytest.raises(UserError) as refusal:
        QuantizerConfig(**options)
    assert str(refusal.value) == sentence


def test_the_least_and_the_most_are_allowed():
    QuantizerConfig(codes=1, width=1, decay=0.0, restart=0.0)
    QuantizerConfig(codes=2**16, width=2**16, decay=0.999, restart=0.999)


def test_it_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        QuantizerConfig().codes = 5


def test_what_is_not_said_is_this():
    assert QuantizerConfig() == QuantizerConfig(codes=256, width=16, learn="average", decay=0.99, restart=0.1,
                                                rotate=False)
    assert QuantizerConfig.kind == "quantizer"


@pytest.mark.parametrize("options, restarts", [
    ({}, True), ({"restart": 1e-3}, True), ({"restart": 0.0}, False), ({"learn": "gradient"}, False),
])
def test_codes_restart_where_they_are_averages_and_a_share_is_given(options, restarts):
    assert QuantizerConfig(**options).restarts == restarts
