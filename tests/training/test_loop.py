"""Whole runs: the same bits however they are interrupted, what they leave behind, and how they stop when they must."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.helpers import assert_same
from support.pictures import photo
from support.runs import run_config, shrunk, tiny

from minihit.data.faces.render import faces
from minihit.data.prepare.sources import open_source
from minihit.errors import UserError
from minihit.locks import exclusive
from minihit.show import images
from minihit.training import loop, state
from minihit.training.run import checkpoint, log
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder

VARIANTS = {
    **{name: shrunk(name) for name in ("faces-32", "celeba-64", "hit-128", "hit-256")},
    "layer norm": replace(shrunk("faces-32"), generator=replace(shrunk("faces-32").generator, norm="layer")),
    "hinge": tiny(loss="hinge", micro_batch=0),
    "WGAN-GP": tiny(r1=0.0, wgan_gp=10.0),
    "bCR": tiny(consistency=10.0),
    "DiffAugment": tiny(augment=("color", "translation", "cutout")),
    "stddev": replace(tiny(micro_batch=0), discriminator=replace(tiny().discriminator, minibatch_stddev=True)),
    "clipping": tiny(clip=0.5),
    "momentum": tiny(beta1=0.5),
}


def with_steps(preset, steps):
    return run_config(replace(preset, recipe=replace(preset.recipe, steps=steps)), save_every=10)


def final(folder, preset):
    """(arrays, facts) of the newest checkpoint."""
    return checkpoint.load_newest(folder.checkpoints, state.create(0, preset).trees)


@pytest.fixture
def interrupt(monkeypatch):
    """Call it with a step to press Ctrl-C in that step of the next run."""
    one_step = loop._one_step

    def interrupt(at):
        def press(training, real, config, device, number):
            if number == at:
                os.kill(os.getpid(), signal.SIGINT)
                monkeypatch.setattr(loop, "_one_step", one_step)
            return one_step(training, real, config, device, number)

        monkeypatch.setattr(loop, "_one_step", press)

    return interrupt


@pytest.mark.parametrize("name", VARIANTS)
def test_twenty_steps_equal_ten_and_ten_more(tmp_path, interrupt, name):
    preset = VARIANTS[name]
    whole, halves = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "halves")
    loop.train(with_steps(preset, 20), whole)
    interrupt(at=10)
    assert loop.train(with_steps(preset, 20), halves) == loop.INTERRUPTED
    loop.train(with_steps(preset, 20), halves, resume=True)
    (expected, facts), (actual, resumed) = final(whole, preset), final(halves, preset)
    assert_same(actual, expected)
    assert facts["step"] == resumed["step"] == 20 and facts["position"] == resumed["position"]
    assert losses(halves) == losses(whole)


def losses(folder):
    names = ("step", "generator_loss", "r1")
    return [[record[name] for name in names] for record in log.read(folder.log) if "r1" in record]


def test_a_folder_of_images_resumes_at_its_place(tmp_path):
    for index, image in enumerate(faces(0, 0, 30, 16)):
        images.write_png(tmp_path / "pictures" / f"{index}.png", image)
    ends = []
    for name, stops in (("whole", [20]), ("halves", [9, 20])):
        for resume, steps in enumerate(stops):
            config = replace(with_steps(tiny(), steps), data=str(tmp_path / "pictures"))
            loop.train(config, RunFolder(tmp_path / name), resume=bool(resume))
        ends.append(final(RunFolder(tmp_path / name), tiny())[0])
    assert_same(*ends)


@pytest.mark.parametrize("name", ["photos", "photos.npy"])
def test_what_does_not_fit_beside_training_is_refused_before_it_is_read(tmp_path, monkeypatch, name):
    for index, image in enumerate(faces(0, 0, 3, 16)):
        images.write_png(tmp_path / "photos" / f"{index}.png", image)
    np.save(tmp_path / "photos.npy", faces(0, 0, 3, 16))
    monkeypatch.setattr(loop.estimate, "peak", lambda config, device: 10**9)
    monkeypatch.setattr("minihit.data.folder.memory_size", lambda device: 10**9 + 2000)
    monkeypatch.setattr("minihit.data.prepare.square.Square.__call__", lambda *_: pytest.fail("a picture was read"))
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(UserError, match=r"3 images of 16 x 16 .*, training 1\.0 GB more,.* minihit data prepare"):
        loop.train(run_config(data=str(tmp_path / name)), folder)
    assert not folder.config.exists()
    monkeypatch.undo()
    monkeypatch.setattr("minihit.data.folder.memory_size", lambda device: 10**12)
    assert loop.train(run_config(tiny(steps=1), data=str(tmp_path / name)), folder) == 0


@pytest.mark.parametrize("place", ["runs/a", "."])
def test_a_run_among_its_own_pictures_resumes_and_does_not_train_on_its_own(tmp_path, capsys, place):
    for index in range(24):
        photo(size=(16, 16 + index)).save(tmp_path / f"{index}.png")
    config, folder = replace(with_steps(tiny(), 4), data=str(tmp_path)), RunFolder(tmp_path / place)
    loop.train(replace(config, sample_every=2, measure_every=2), folder)
    assert "24 taken; 1 passed over (1 hidden)" in capsys.readouterr().out       # the lock of the run
    assert len(list(tmp_path.rglob("*.png"))) > 24 + 5
    loop.train(replace(config, preset=tiny(steps=6)), folder, resume=True)
    assert "24 taken; " in (out := capsys.readouterr().out)
    assert "of a minihit run" in out
    with open_source(tmp_path) as source:
        assert len(source.pictures) == 24
        assert "cannot be used" not in out


def test_a_store_changed_behind_a_run_is_noticed_when_it_resumes(tmp_path):
    for index, image in enumerate(faces(0, 0, 30, 16)):
        images.write_png(tmp_path / "pictures" / f"{index}.png", image)
    config, folder = replace(with_steps(tiny(), 4), data=str(tmp_path / "pictures")), RunFolder(tmp_path / "run")
    loop.train(config, folder)
    before = folder.log.read_bytes()
    images.write_png(tmp_path / "pictures" / "7.png", 255 - faces(0, 7, 1, 16)[0])
    with pytest.raises(UserError, match=r"other images than the data set has now .* put the old ones back"):
        loop.train(replace(config, preset=tiny(steps=6)), folder, resume=True)
    assert folder.log.read_bytes() == before


def test_a_small_folder_is_augmented_and_compared_with_its_images(tmp_path, capsys):
    for index, image in enumerate(faces(0, 0, 50, 16)):
        images.write_png(tmp_path / "pictures" / f"{index}.png", image)
    folder = RunFolder(tmp_path / "run")
    assert loop.train(run_config(tiny(steps=2), data=str(tmp_path / "pictures")), folder) == 0
    assert "DiffAugment (color translation cutout)" in capsys.readouterr().out
    assert read_config(folder).preset.recipe.augment == ("color", "translation", "cutout")
    assert [record["step"] for record in log.read(folder.log) if "neighbour_ratio" in record] == [0, 2]
    assert (folder.path / "neighbours.png").exists()


def test_the_second_run_in_a_folder_is_refused(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with exclusive(folder.lock, "the run"), pytest.raises(UserError, match=f"the run in {folder.path} is in use"):
        loop.train(run_config(), folder)
    assert loop.train(run_config(), folder) == 0


def test_the_state_is_saved_when_the_clock_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "UNSAVED", -1)
    folder = RunFolder(tmp_path / "run")
    loop.train(run_config(save_every=1000, keep=10), folder)
    assert [checkpoint.step_of(path) for path in checkpoint.newest(folder.checkpoints)] == [4, 3, 2, 1]


def test_a_run_leaves_its_files(tmp_path):
    folder = RunFolder(tmp_path / "run")
    assert loop.train(run_config(sample_every=2, measure_every=2), folder) == 0
    left = {str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file()}
    assert {"config.json", "log.jsonl", "curves.png", "timelapse.gif", "samples/ema-00000004.png",
            "samples/raw-00000000.png", "checkpoints/step-00000004.npz"} <= left
    records = log.read(folder.log)
    measured = [record for record in records if "swd" in record]
    assert [record["step"] for record in measured] == [0, 2, 4]
    assert all(np.isfinite(list(record.values())).all() for record in records)
    assert {"generator_loss", "discriminator_loss", "real_loss", "fake_loss", "r1", "real_logits", "fake_logits",
            "generator_norm", "discriminator_norm", "seconds_per_step", "images_per_second", "data_seconds",
            "data_share", "peak_memory"} <= records[-2].keys()


def test_an_existing_run_is_not_overwritten(tmp_path):
    folder = RunFolder(tmp_path)
    loop.train(run_config(), folder)
    before = folder.log.read_text()
    with pytest.raises(UserError, match="--resume"):
        loop.train(run_config(), folder)
    assert folder.log.read_text() == before


def test_the_checkpoint_before_a_broken_one_is_used(tmp_path):
    folder = RunFolder(tmp_path / "run")
    loop.train(with_steps(tiny(), 20), folder)
    expected, _ = final(folder, tiny())
    newest = checkpoint.newest(folder.checkpoints)[0]
    newest.write_bytes(newest.read_bytes()[:-100])
    loop.train(with_steps(tiny(), 20), folder, resume=True)
    assert_same(final(folder, tiny())[0], expected)
    steps = [record["step"] for record in log.read(folder.log) if "r1" in record]
    assert steps == list(range(1, 21))


def test_ctrl_c_finishes_the_step_and_saves(tmp_path, interrupt, capsys):
    folder = RunFolder(tmp_path / "run")
    interrupt(at=3)
    assert loop.train(with_steps(tiny(), 20), folder) == loop.INTERRUPTED
    assert [path.name for path in checkpoint.newest(folder.checkpoints)] == ["step-00000003.npz"]
    assert "stopped after step 3" in capsys.readouterr().out


@pytest.mark.parametrize("place, name", [(loop.pictures, "write_curves"), (loop.pictures, "write_timelapse"),
                                         (loop.pictures, "write_samples"), (loop.pictures, "write_neighbours")])
def test_a_picture_that_cannot_be_drawn_never_ends_a_run(tmp_path, monkeypatch, capsys, place, name):
    def write_it(*args):
        raise RuntimeError("LaTeX was not found")

    monkeypatch.setattr(place, name, write_it)
    folder, data = RunFolder(tmp_path / "run"), tmp_path / "faces.npy"
    np.save(data, faces(0, 0, 24, 16))
    assert loop.train(replace(run_config(tiny(steps=2)), data=str(data)), folder) == 0
    assert checkpoint.step_of(checkpoint.newest(folder.checkpoints)[0]) == 2
    assert "could not be drawn and all else goes on (RuntimeError: LaTeX was not found)" in capsys.readouterr().out


def test_a_finished_run_can_be_extended(tmp_path):
    """With a constant learning rate as if it had been so long from the start."""
    whole, extended = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "extended")
    loop.train(with_steps(tiny(), 7), whole)
    loop.train(with_steps(tiny(), 3), extended)
    loop.train(with_steps(tiny(), 7), extended, resume=True)
    assert_same(final(extended, tiny())[0], final(whole, tiny())[0])


def test_what_is_not_finite_stops_the_run_and_is_named(tmp_path, monkeypatch):
    folder, gradients = RunFolder(tmp_path), loop.step.gradients

    def spoil(networks, *args):
        grads, averages, metrics = gradients(networks, *args)
        if len(checkpoint.newest(folder.checkpoints)) == 1:
            grads["generator"]["stages"][1]["cross_mlp"]["expand"]["weight"][0, 0] = np.nan
        return grads, averages, metrics

    monkeypatch.setattr(loop.step, "gradients", spoil)
    culprit = "step 3: gradient of generator/stages/1/cross_mlp/expand/weight is not finite"
    with pytest.raises(UserError, match=f"{culprit}.*step-00000002"):
        loop.train(run_config(), folder)
    arrays, facts = final(folder, tiny())
    assert facts["step"] == 2
    assert all(np.isfinite(leaf).all() for leaf in arrays["networks"]["generator"]["params"]["start"].values())


def test_two_threads_give_the_numbers_of_one(tmp_path):
    ends = []
    for threads in (1, 2):
        folder = RunFolder(tmp_path / str(threads))
        loop.train(run_config(tiny(micro_batch=1), lanes=threads), folder)
        ends.append(final(folder, tiny())[0])
    assert_same(*ends)


def test_the_folder_is_a_path():
    assert RunFolder(Path("runs/x")).log == Path("runs/x/log.jsonl")
