import math

import numpy as np
import pytest
from support.runs import AUTOENCODERS, TINY, tiny

from minihit.bench import scale
from minihit.presets import PRESETS
from minihit.show.images import read_image


@pytest.fixture(scope="module")
def found():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "tiny", TINY)
        patch.setattr(scale, "STARTS", {"import minihit": scale.STARTS["import minihit"]})
        return scale.measure(TINY, rounds=1, generators=("faces-32", "tiny"), batches=(1, 4))


def test_every_number_is_positive(found):
    assert [(row.what, row.side, row.batch) for row in found["generator"]] == [("faces-32", 32, 1), ("tiny", 16, 1)]
    assert [(row.what, row.side, row.batch) for row in found["step"]] == [("step", 16, 1), ("step", 16, 4)]
    for row in found["generator"] + found["step"]:
        assert 0 < row.seconds_per_image < math.inf and row.peak > 2**20
    assert 0 < found["start"]["import minihit"] < math.inf


def test_a_step_of_an_autoencoder_has_the_side_of_its_images():
    row = scale._step(AUTOENCODERS["vqvae, cnn"], 1, "cpu")
    assert (row.what, row.side, row.batch) == ("step", 16, 4) and 0 < row.seconds_per_image < math.inf


def test_a_plot_of_it(found, tmp_path):
    scale.plot(tmp_path / "scale.png", found)
    assert len(np.unique(read_image(tmp_path / "scale.png"))) > 20


def test_a_batch_below_the_micro_batch_is_one_part():
    assert scale._with_batch(tiny(micro_batch=2), 1).recipe.micro_batch == 1
    assert scale._with_batch(tiny(micro_batch=2), 8).recipe.micro_batch == 2


@pytest.mark.parametrize("what", scale.STARTS)
def test_a_start_ends_where_it_should(what):
    """A train that did not come to its first step would end with an error, which the check of _start raises."""
    assert 0 < scale._start(scale.STARTS[what]) < math.inf
