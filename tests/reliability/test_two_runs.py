"""Two runs never write into one folder."""

import signal

from reliability.command import TINY, arguments, finish, kill, last_step, leftovers, logged, start, wait_until
from reliability.whole import assert_same_run, train_whole

from minihit.cli import main


def test_the_second_run_in_a_folder_is_refused_while_the_first_one_lives(tmp_path, capsys):
    folder, flags = tmp_path / "run", [*TINY, "--save-every", "2"]
    first = start(arguments(folder, flags))
    wait_until(lambda: last_step(folder), first)
    for argv in (["train", "--run", str(folder), *flags], arguments(folder, flags)):
        lines = logged(folder)
        capsys.readouterr()
        assert main(argv) == 2
        said = capsys.readouterr().err
        assert said.startswith("minihit: the run in ") and "in use" in said and said.count("\n") == 1
        wait_until(lambda lines=lines: logged(folder) > lines, first)
    assert main(["sample", str(folder), "--seeds", "0", "--device", "cpu", "--out", str(tmp_path / "face.png")]) == 0
    kill(first, signal.SIGKILL)
    assert finish(start(arguments(folder, flags, last_step(folder) + 4)))[0] == 0
    assert leftovers(folder) == []
    train_whole(folder, tmp_path / "whole")
    assert_same_run(folder, tmp_path / "whole")
