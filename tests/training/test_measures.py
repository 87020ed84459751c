"""The table of measures: what stands in it reaches the log, the terminal and the pictures, and nothing else does."""

import numpy as np
import pytest
from support.runs import TINY, image_set, run_config

from minihit.data.faces.render import faces
from minihit.training import state
from minihit.training.measures import MEASURES, Measure
from minihit.training.run import log
from minihit.training.run.folder import RunFolder
from minihit.training.watch import Watch


def watching(tmp_path, held_out=9):
    return Watch(run_config(), RunFolder(tmp_path), "cpu", image_set(faces(0, 0, 30, 16), held_out))


def test_a_measure_is_a_line_in_the_table(tmp_path, monkeypatch, capsys):
    """One that nobody knows by name is found, logged, said and drawn."""
    drawn = []
    mine = Measure((("brightness", ("brightness",), "linear"),), lambda run, trees: {"of": trees},
                   lambda found: {"brightness": 5}, lambda numbers: f"brightness {numbers['brightness']}",
                   lambda *what: drawn.append(what))
    monkeypatch.setitem(MEASURES, "gan", (mine,))
    run = watching(tmp_path)
    run.measure("the networks", 3)
    assert log.read(run.folder.log) == [{"step": 3, "brightness": 5}]
    assert capsys.readouterr().out == "step 3: brightness 5\n"
    assert drawn == [(run.folder, {"of": "the networks"}, 3)]


def test_what_is_drawn_as_curves_is_in_the_log(tmp_path, capsys):
    run = watching(tmp_path)
    run.measure(state.create(0, TINY).trees["ema"], 0)
    (record,) = log.read(run.folder.log)
    assert all(np.isfinite(record[name]) for kind in MEASURES["gan"] for _, names, _ in kind.panels for name in names)
    assert {scale for kinds in MEASURES.values() for kind in kinds for _, _, scale in kind.panels} <= {"linear", "log"}
    said = capsys.readouterr().out
    assert said.startswith("step 0: sliced Wasserstein distance ") and said.count("; ") == 1


@pytest.mark.parametrize("found, phrase", [
    ({"neighbour": 2.0}, ""),
    ({"neighbour": 2.0, "neighbour_real": 0.0}, "most held-out images are training images too, so that nothing tells"),
    ({"neighbour": 2.0, "neighbour_real": 4.0, "neighbour_ratio": 0.5}, "0.50 times as far from the nearest training"),
])
def test_nearness_in_words(found, phrase):
    words = MEASURES["gan"][1].words(found)
    assert words.startswith(phrase) and bool(words) == bool(phrase)
