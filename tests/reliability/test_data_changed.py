"""Images that change behind a run are noticed when it goes on, and a store that shrinks while it runs stops it."""

import os
import shutil
import signal

import pytest
from reliability.command import TINY, arguments, finish, kill, last_step, start, wait_until

from minihit.cli import main
from minihit.data.faces.render import faces
from minihit.show import images


@pytest.fixture
def pictures(tmp_path):
    for index, image in enumerate(faces(0, 0, 30, 16)):
        images.write_png(tmp_path / "pictures" / f"{index}.png", image)
    return tmp_path / "pictures"


@pytest.fixture
def store(tmp_path, pictures):
    assert main(["data", "prepare", str(pictures), str(tmp_path / "store"), "--size", "16"]) == 0
    return tmp_path / "store"


def train(folder, data, steps):
    return main(arguments(folder, [*TINY, "--save-every", "1", "--data", str(data)], steps))


def assert_sentence(said):
    assert said.startswith("minihit: ") and said.count("\n") == 1, said


def repaint(folder):
    images.write_png(folder / "0.png", images.read_image(folder / "1.png"))


def remove(folder):
    (folder / "0.png").unlink()


def shorten(store):
    path = store / "images.npy"
    path.write_bytes(path.read_bytes()[:-1])


def empty(store):
    (store / "images.npy").write_bytes(b"")


def another(store):
    shutil.rmtree(store)
    assert main(["data", "prepare", str(store.parent / "pictures"), str(store), "--size", "16", "--crop", "12"]) == 0


def exchange(store):
    """Images of the same length in place of the store's."""
    path = store / "images.npy"
    path.write_bytes(path.read_bytes()[:-16] + b"\0" * 16)


def move_there(store):
    """The same, by moving an older file: its own time is before that of the manifest."""
    older = store.parent / "older.npy"
    older.write_bytes((store / "images.npy").read_bytes()[:-16] + b"\0" * 16)
    os.utime(older, (0, 0))
    older.replace(store / "images.npy")


@pytest.mark.parametrize("kind, change", [("pictures", repaint), ("pictures", remove), ("store", shorten),
                                          ("store", empty), ("store", another), ("store", shutil.rmtree),
                                          ("store", exchange), ("store", move_there)])
def test_a_run_does_not_go_on_with_other_images(tmp_path, capsys, request, kind, change):
    folder, data = tmp_path / "run", request.getfixturevalue(kind)
    assert train(folder, data, 1) == 0
    change(data)
    saved = (folder / "checkpoints" / "step-00000001.npz").read_bytes()
    capsys.readouterr()
    assert train(folder, data, 2) == 2
    assert_sentence(capsys.readouterr().err)
    assert (folder / "checkpoints" / "step-00000001.npz").read_bytes() == saved


def test_a_store_that_is_cut_off_while_a_run_reads_it_stops_the_run(tmp_path, store):
    """Reading on would be a bus error."""
    folder = tmp_path / "run"
    process = start(arguments(folder, [*TINY, "--save-every", "1", "--data", str(store)]))
    wait_until(lambda: last_step(folder) > 1, process)
    empty(store)
    code, out = finish(process)
    assert code == 2 and "Traceback" not in out
    assert out.splitlines()[-1].startswith("minihit: ") and "images.npy" in out.splitlines()[-1]


def test_an_untouched_store_goes_on_after_a_kill(tmp_path, store):
    folder = tmp_path / "run"
    flags = [*TINY, "--save-every", "1", "--data", str(store)]
    process = start(arguments(folder, flags))
    wait_until(lambda: last_step(folder) > 1, process)
    kill(process, signal.SIGKILL)
    assert finish(start(arguments(folder, flags, last_step(folder) + 2)))[0] == 0
