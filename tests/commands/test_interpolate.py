"""minihit interpolate as its user meets it."""

import imageio.v3 as iio
import pytest
from support.commands import refusal

from minihit.cli import main


def test_interpolate_writes_a_closed_loop(capsys, run):
    argv = ["interpolate", str(run), "--seeds", "0-2", "--frames", "4", "--scale", "1", "--device", "cpu"]
    assert main(argv) == 0
    out = run / "interpolation-00000003.gif"
    assert capsys.readouterr().out == f"{out}\n"
    assert iio.imread(out, index=None).shape == (12, 16, 16, 3)


def test_interpolate_shows_loops_side_by_side(here, run):
    assert main(["interpolate", str(run), "--seeds", "0-3", "--frames", "3", "--columns", "2", "--scale", "2",
                 "--out", "a.gif", "--device", "cpu"]) == 0
    assert iio.imread("a.gif", index=None).shape == (6, 36, 70, 3)


def test_interpolate_writes_mp4(here, run):
    pytest.importorskip("av")
    assert main(["interpolate", str(run), "--seeds", "0,1", "--frames", "3", "--out", "a.mp4", "--device", "cpu"]) == 0
    assert iio.imread("a.mp4", plugin="pyav").shape == (6, 128, 128, 3)


@pytest.mark.parametrize("argv, sentence", [
    (["--columns", "3"], "8 seeds cannot be divided among 3 columns"),
    (["--frames", "0"], "--frames is 0: it must be at least 1"),
    (["--fps", "0"], "--fps is 0"),
    (["--fps", "2147483648"], "--fps is 2,147,483,648: it must be 1,000 at most"),
    (["--frames", "1000000000"], "8,000,000,000 frames of 132 x 132 pixels take about"),
    (["--frames", "1000000000"], "choose fewer --frames, --seeds, --pictures or --columns, or a smaller --scale"),
    (["--scale", "5000"], "would have 80,004 x 80,004 pixels, and a .gif has 65,535 a side at most"),
    (["--scale", "1100", "--out", "a.mp4"], "a.mp4 would have 17,604 x 17,604 pixels, and a .mp4 has 16,384 a side"),
    (["--out", "a.png"], "give it a name that ends in .gif or .mp4"),
    (["--seeds", "x"], "seeds 'x' cannot be read"),
])
def test_interpolate_refuses_what_cannot_work(capsys, here, run, argv, sentence):
    assert sentence in refusal(capsys, "interpolate", run, "--device", "cpu", *argv)
