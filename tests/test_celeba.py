"""What CelebA's owner types, in that order, on the stand-in: prepare, train, kill -9, resume, sample, interpolate."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from reliability.command import kill, last_step, start, wait_until
from support.helpers import assert_same

from minihit.cli import main
from minihit.data.faces import stand_in
from minihit.data.store.reader import open_store
from minihit.show.images import read_image
from minihit.training import state
from minihit.training.run import checkpoint, log
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder

NARROW = ["--generator.latent", "4", "--generator.channels", "8", "8", "8", "4", "--generator.layers", "1", "1", "1",
          "1", "--generator.heads", "2", "2", "2", "2", "--discriminator.channels", "4", "4", "4", "4", "4",
          "--recipe.decay-from", "1", "--batch", "4", "--micro-batch", "2", "--measure-images", "4", "--log-every", "1",
          "--save-every", "2", "--sample-every", "1000", "--measure-every", "1000", "--device", "cpu"]


@pytest.fixture(scope="module")
def celeba(tmp_path_factory):
    """The folder of the stand-in, with the zip and with the pictures unpacked."""
    folder = tmp_path_factory.mktemp("celeba")
    with zipfile.ZipFile(stand_in.write(folder, 60)) as packed:
        packed.extractall(folder / "unpacked")
    for name in ("list_eval_partition.txt", "list_attr_celeba.txt"):
        shutil.copy(folder / name, folder / "unpacked")
    return folder


@pytest.mark.parametrize("source", ["img_align_celeba.zip", pytest.param("unpacked", marks=pytest.mark.slow)])
def test_every_command_in_its_order(source, celeba, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "prepare", str(celeba / source), "celeba-64", "--size", "64"]) == 0
    assert open_store("celeba-64").manifest.splits == {"train": 48, "valid": 6, "test": 6}
    assert main(["data", "check", "celeba-64"]) == 0

    argv = ["train", "--preset", "celeba-64", "--data", "celeba-64", "--run", "faces", *NARROW]
    first = start([*argv, "--steps", "1000000"])
    wait_until(lambda: last_step(Path("faces")), first)
    kill(first)
    steps = last_step(Path("faces")) + 4
    capsys.readouterr()
    assert main(["train", "--run", "faces", "--resume", "--steps", str(steps), "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert "48 images of celeba-64 at 64 x 64, 6 more held out; DiffAugment (color translation cutout)" in said
    assert " s a step, " in said and " GB of memory" in said
    assert main([*argv[:-2], "--run", "whole", "--steps", str(steps), "--device", "cpu"]) == 0
    assert_same(*(arrays(name) for name in ("faces", "whole")))

    assert main(["sample", "faces", "--seeds", "0-3", "--out", "four.png", "--device", "cpu"]) == 0
    assert read_image("four.png").shape == (2 * 66 + 2, 2 * 66 + 2, 3)
    assert main(["interpolate", "faces", "--seeds", "0-1", "--frames", "2", "--device", "cpu"]) == 0
    records = log.read(RunFolder(tmp_path / "faces").log)
    assert records[-1]["neighbour_ratio"] > 0 and "data_share" in records[-2]
    assert json.loads((tmp_path / "faces/config.json").read_text())["data"] == "celeba-64"


def arrays(name):
    """Of the newest checkpoint of a run."""
    folder = RunFolder(Path(name))
    return checkpoint.load_newest(folder.checkpoints, state.create(0, read_config(folder).preset).trees)[0]
