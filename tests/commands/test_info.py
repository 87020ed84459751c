"""minihit info as its user meets it."""

from support.commands import refusal

from minihit.cli import main


def test_info_of_a_preset_and_of_a_run(capsys, run):
    assert main(["info", "hit-128"]) == 0
    out = capsys.readouterr().out
    assert "32,866,627" in out and "23,880,833" in out
    assert max(map(len, out.splitlines())) <= 120
    assert main(["info", str(run)]) == 0
    assert "generator, 3 numbers -> 16 x 16 x 3" in capsys.readouterr().out


def test_info_names_the_presets_where_there_is_neither(capsys):
    sentence = "faces is neither a preset nor the folder of a run: choose one of faces-32"
    assert sentence in refusal(capsys, "info", "faces")
