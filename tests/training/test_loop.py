"""Whole runs: the same bits however they are interrupted, what they leave behind, and how they stop when they must."""

import os
import shutil
import signal
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from support import steps
from support.helpers import assert_same
from support.pictures import photo
from support.runs import AUTOENCODERS, TINY_VAE, TINY_VQVAE, everything, records, run_config, shrunk, tiny

from minihit.data import prefetch
from minihit.data.dataset import BuiltInFaces
from minihit.data.faces.render import faces
from minihit.data.prepare.sources import open_source
from minihit.errors import UserError
from minihit.locks import exclusive
from minihit.show import images
from minihit.training import loop, state, step
from minihit.training.run import checkpoint, log, snapshot
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder

VARIANTS = {
    **{name: shrunk(name) for name in ("faces-32", "celeba-64", "hit-128", "hit-256", "stylegan2-64")},
    "layer norm": replace(shrunk("faces-32"), generator=replace(shrunk("faces-32").generator, norm="layer")),
    "hinge": tiny(loss="hinge", micro_batch=0),
    "WGAN-GP": tiny(r1=0.0, wgan_gp=10.0),
    "bCR": tiny(consistency=10.0),
    "DiffAugment": tiny(augment=("color", "translation", "cutout")),
    "stddev": replace(tiny(micro_batch=0), discriminator=replace(tiny().discriminator, minibatch_stddev=True)),
    "clipping": tiny(clip=0.5),
    "momentum": tiny(beta1=0.5),
    **AUTOENCODERS,
    "vae, everything": everything(TINY_VAE),
    "vqvae, everything": everything(TINY_VQVAE),
}
HEAVY = "celeba-64", "hit-128"                                             # much as hit-256


def with_steps(preset, steps):
    return run_config(replace(preset, recipe=replace(preset.recipe, steps=steps)), save_every=10)


def final(folder, preset):
    """(arrays, facts) of the newest checkpoint."""
    return checkpoint.load_newest(folder.checkpoints, state.create(0, preset).trees)


@pytest.fixture
def interrupt(monkeypatch):
    """Call it with a step to press Ctrl-C in that step of the next run."""
    one_step = loop.Steps.__call__

    def interrupt(at):
        def press(steps, images, number):
            if number == at:
                os.kill(os.getpid(), signal.SIGINT)
                monkeypatch.setattr(loop.Steps, "__call__", one_step)
            return one_step(steps, images, number)

        monkeypatch.setattr(loop.Steps, "__call__", press)

    return interrupt


@pytest.fixture
def undrawn(monkeypatch):
    """Curves and animations are made of files, and nothing is made of them."""
    for name in ("write_curves", "write_timelapse"):
        monkeypatch.setattr(loop.pictures, name, lambda *_: None)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in HEAVY else [])
                                  for name in VARIANTS])
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
    assert losses(halves) == losses(whole) and len(losses(whole)) == 20


def losses(folder):
    return [record for record in records(folder) if record.keys() & {"real_loss", "pixels"}]


def by_ctrl_c(config, folder, interrupt):
    interrupt(at=10)
    assert loop.train(config, folder) == loop.INTERRUPTED


def by_fewer_steps(config, folder, interrupt):
    loop.train(replace(config, preset=tiny(steps=10)), folder)


def by_a_kill(config, folder, interrupt):
    """After the record of step 14, where the newest checkpoint is that of step 12."""
    interrupt(at=15)
    loop.train(config, folder)
    checkpoint.newest(folder.checkpoints)[0].unlink()


STOPS = by_ctrl_c, by_fewer_steps, by_a_kill
OFTEN = ({"log_every": 7, "measure_every": 8}, {"log_every": 5, "measure_every": 7},
         {"log_every": 7, "measure_every": 10}, {"log_every": 1, "measure_every": 100})


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("stop, every", [pytest.param(stop, every, marks=pytest.mark.slow if (i + j) % 2 else [])
                                         for i, stop in enumerate(STOPS) for j, every in enumerate(OFTEN)])
def test_the_log_of_a_run_that_was_stopped_is_that_of_one_that_was_not(tmp_path, interrupt, stop, every):
    """But for what a clock measured: the means are over the same steps, and what was only shown at the stop goes."""
    config = run_config(tiny(steps=20), save_every=4, **every)
    whole, halves = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "halves")
    loop.train(config, whole)
    stop(config, halves, interrupt)
    loop.train(config, halves, resume=True)
    assert records(halves) == records(whole)
    assert [record["step"] for record in records(whole) if "r1" in record][-1] == 20


def test_a_log_shown_at_other_steps_from_a_stop_on_loses_none_of_its_records(tmp_path):
    folder = RunFolder(tmp_path)
    loop.train(run_config(tiny(steps=10), log_every=5), folder)
    loop.train(run_config(tiny(steps=14), log_every=7), folder, resume=True)
    assert [record["step"] for record in records(folder) if "r1" in record] == [5, 10, 14]


def test_a_finished_run_keeps_its_last_records_when_it_is_resumed_at_its_end(tmp_path):
    folder, config = RunFolder(tmp_path), run_config(tiny(steps=4), log_every=3)
    loop.train(config, folder)
    before = folder.log.read_bytes()
    loop.train(config, folder, resume=True)
    assert folder.log.read_bytes() == before


def test_a_checkpoint_of_version_0_1_without_a_window_is_resumed(tmp_path, interrupt):
    """Its log keeps the record of the stop, and the next one averages over the steps since then."""
    folder, config = RunFolder(tmp_path), run_config(tiny(steps=8), log_every=4)
    interrupt(at=3)
    loop.train(config, folder)
    arrays, facts = final(folder, tiny())
    del facts["window"]
    checkpoint.save(checkpoint.path_of(folder.checkpoints, 3), arrays, facts)
    loop.train(config, folder, resume=True)
    assert [record["step"] for record in records(folder) if "r1" in record] == [3, 4, 8]


def test_a_folder_of_images_resumes_at_its_place(tmp_path):
    for index, image in enumerate(faces(0, 0, 30, 16)):
        images.write_png(tmp_path / "pictures" / f"{index}.png", image)
    ends = []
    for name, stops in (("whole", [20]), ("halves", [9, 20])):
        for resume, end in enumerate(stops):
            config = replace(with_steps(tiny(), end), data=str(tmp_path / "pictures"))
            loop.train(config, RunFolder(tmp_path / name), resume=bool(resume))
        ends.append(final(RunFolder(tmp_path / name), tiny())[0])
    assert_same(*ends)


@pytest.mark.parametrize("name", ["photos", "photos.npy"])
def test_what_does_not_fit_beside_training_is_refused_before_it_is_read(tmp_path, monkeypatch, name):
    for index, image in enumerate(faces(0, 0, 3, 16)):
        images.write_png(tmp_path / "photos" / f"{index}.png", image)
    np.save(tmp_path / "photos.npy", faces(0, 0, 3, 16))
    monkeypatch.setattr(loop.room, "peak", lambda config, device: 10**9)
    monkeypatch.setattr("minihit.data.folder.memory_size", lambda device: 10**9 + 2000)
    monkeypatch.setattr("minihit.data.prepare.square.Square.__call__", lambda *_: pytest.fail("a picture was read"))
    folder = RunFolder(tmp_path / "run")
    with pytest.raises(UserError, match=r"3 images of 16 x 16 .*, training 1\.0 GB more,.* minihit data prepare"):
        loop.train(run_config(data=str(tmp_path / name)), folder)
    assert not folder.config.exists()
    monkeypatch.undo()
    monkeypatch.setattr("minihit.data.folder.memory_size", lambda device: 10**12)
    assert loop.train(run_config(tiny(steps=1), data=str(tmp_path / name)), folder) == 0


@pytest.mark.parametrize("place", ["runs/a", "run"])
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


def trained(path, preset=VARIANTS["momentum"]):
    """The path of the last checkpoint of a finished run whose moving average is its own."""
    folder = RunFolder(path)
    loop.train(with_steps(preset, 4), folder)
    arrays, facts = final(folder, preset)
    start = arrays["ema"]["generator"]["params"]["start"]
    start["bias"] = 1 + start["bias"]
    checkpoint.save(checkpoint.newest(folder.checkpoints)[0], arrays, facts)
    return checkpoint.newest(folder.checkpoints)[0]


def test_a_run_begins_with_the_networks_of_another_and_a_new_adam(tmp_path, capsys):
    origin, preset = trained(tmp_path / "first"), VARIANTS["momentum"]
    before, _ = final(RunFolder(tmp_path / "first"), preset)
    config = replace(with_steps(preset, 2), origin=str(origin), seed=5)
    begun = snapshot.begin(config, "cpu").trees
    assert_same([begun[kind] for kind in ("networks", "ema")], [before[kind] for kind in ("networks", "ema")])
    assert_same(begun["adam"], state.create(0, preset).trees["adam"])
    folder = RunFolder(tmp_path / "second")
    loop.train(config, folder)
    assert f"begun with all weights of {origin}, the moving average too, and a new Adam;" in capsys.readouterr().out
    assert read_config(folder).origin == str(origin)


def test_its_moving_average_goes_on_from_that_of_the_other(tmp_path):
    """It is not overwritten by the raw weights, as that of a run from first values is for ten steps."""
    preset = tiny(ema_decay=0.5)
    origin = trained(tmp_path / "first", preset)
    config = replace(with_steps(tiny(ema_decay=0.5, generator_rate=1e-30), 1), origin=str(origin))
    expected, _ = final(RunFolder(tmp_path / "first"), preset)
    loop.train(config, RunFolder(tmp_path / "second"))
    actual, _ = final(RunFolder(tmp_path / "second"), preset)
    ema, raw, now = (trees["generator"]["params"]["start"]["bias"]
                     for trees in (expected["ema"], expected["networks"], actual["ema"]))
    np.testing.assert_allclose(now, (ema + raw) / 2, rtol=1e-5, atol=1e-6)


def test_it_shows_at_step_0_what_it_begins_with(tmp_path):
    loop.train(with_steps(VARIANTS["momentum"], 4), RunFolder(tmp_path / "first"))
    origin = tmp_path / "first/checkpoints/step-00000004.npz"
    loop.train(replace(with_steps(VARIANTS["momentum"], 1), origin=str(origin)), RunFolder(tmp_path / "second"))
    for kind in ("ema", "raw"):
        first, second = tmp_path / "first/samples", tmp_path / "second/samples"
        assert (first / f"{kind}-00000004.png").read_bytes() == (second / f"{kind}-00000000.png").read_bytes()


def test_it_goes_on_bit_for_bit_when_the_other_run_is_gone(tmp_path):
    origin = trained(tmp_path / "first")
    config = replace(with_steps(VARIANTS["momentum"], 6), origin=str(origin))
    loop.train(config, RunFolder(tmp_path / "whole"))
    loop.train(replace(with_steps(VARIANTS["momentum"], 3), origin=str(origin)), RunFolder(tmp_path / "halves"))
    shutil.rmtree(tmp_path / "first")
    loop.train(config, RunFolder(tmp_path / "halves"), resume=True)
    assert_same(*(final(RunFolder(tmp_path / name), tiny())[0] for name in ("whole", "halves")))
    with pytest.raises(UserError, match=r"step-00000004\.npz does not exist: give a checkpoint"):
        loop.train(config, RunFolder(tmp_path / "late"))
    assert not (tmp_path / "late/config.json").exists()


@pytest.mark.parametrize("part, changes, leaf", [
    ("generator", {"tokens": 4}, "networks/generator/params/tokens"),
    ("generator", {"channels": (16, 4)}, "networks/generator/params/start"),
    ("discriminator", {"channels": (4, 6, 6)}, "networks/discriminator/params/blocks/1"),
])
def test_the_first_array_that_does_not_fit_is_named(tmp_path, part, changes, leaf):
    origin = trained(tmp_path / "first", tiny())
    preset = replace(tiny(), **{part: replace(getattr(tiny(), part), **changes)})
    with pytest.raises(UserError, match=rf"step-00000004\.npz is of another network \({leaf}.* is missing"):
        loop.train(replace(with_steps(preset, 4), origin=str(origin)), RunFolder(tmp_path / "second"))
    assert not (tmp_path / "second/config.json").exists()


def move(tmp_path, old, new):
    (tmp_path / old).rename(tmp_path / new)


def test_a_run_goes_on_where_its_images_lie_elsewhere(tmp_path):
    """Be they moved or copied, a folder or a file."""
    pictures = faces(0, 0, 30, 16)
    for index, image in enumerate(pictures):
        images.write_png(tmp_path / "folder" / f"{index}.png", image)
    np.save(tmp_path / "file.npy", pictures)
    for name in ("folder", "file.npy"):
        config, folder = with_steps(tiny(), 3), RunFolder(tmp_path / f"run of {name}")
        loop.train(replace(config, data=str(tmp_path / name)), folder)
        move(tmp_path, name, f"moved-{name}")
        longer = replace(config, preset=tiny(steps=6), data=str(tmp_path / name))
        with pytest.raises(UserError, match=rf"no longer at {tmp_path}/{name}: say by --data where they are now"):
            loop.train(longer, folder, resume=True)
        moved = replace(longer, data=str(tmp_path / f"moved-{name}"))
        assert loop.train(moved, folder, resume=True) == 0
        assert read_config(folder).data == str(tmp_path / f"moved-{name}")
        move(tmp_path, f"moved-{name}", name)
        loop.train(longer, RunFolder(tmp_path / f"whole of {name}"))
        assert_same(final(folder, tiny())[0], final(RunFolder(tmp_path / f"whole of {name}"), tiny())[0])


def test_other_images_under_data_are_refused_and_the_configuration_stays(tmp_path):
    np.save(tmp_path / "a.npy", faces(0, 0, 30, 16))
    np.save(tmp_path / "b.npy", faces(1, 0, 30, 16))
    config, folder = replace(with_steps(tiny(), 2), data=str(tmp_path / "a.npy")), RunFolder(tmp_path / "run")
    loop.train(config, folder)
    for data in (str(tmp_path / "b.npy"), "faces"):
        with pytest.raises(UserError, match=r"other images than the data set has now .* say by --data where they"):
            loop.train(replace(config, data=data), folder, resume=True)
    assert read_config(folder).data == str(tmp_path / "a.npy")


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


def test_the_log_tells_waiting_from_computing(tmp_path, monkeypatch):
    """By a clock on which a batch takes 3 seconds to arrive and a step 1 more."""
    folder, clock = RunFolder(tmp_path), [0.0]

    def wait(images):
        clock[0] += 3.0
        return images

    with steps.watched(idle=True) as seen:
        uploaded = prefetch.to_device
        monkeypatch.setattr(prefetch, "to_device", lambda images, device: wait(uploaded(images, device)))
        monkeypatch.setattr(loop, "time", SimpleNamespace(
            monotonic=lambda: 0.0, perf_counter=lambda: clock[0] + len(seen)))
        loop.train(run_config(tiny(steps=4), log_every=2), folder)
    kept = [[record[name] for name in ("step", "seconds_per_step", "data_seconds", "data_share", "images_per_second")]
            for record in log.read(folder.log)]
    assert kept == [[2, 4.0, 3.0, 0.75, 1.0], [4, 4.0, 3.0, 0.75, 1.0]]


def test_the_bar_counts_the_steps_that_are_left(tmp_path, interrupt, monkeypatch):
    bars, bar = [], loop.tqdm

    class Noted(bar):
        def __init__(self, *args, **settings):
            super().__init__(*args, **{**settings, "disable": False})
            bars.append(self)

    monkeypatch.setattr(loop, "tqdm", Noted)
    folder = RunFolder(tmp_path / "run")
    interrupt(at=3)
    loop.train(with_steps(tiny(), 5), folder)
    with steps.watched(idle=True):
        loop.train(with_steps(tiny(), 5), folder, resume=True)
    assert [(bar.initial, bar.n, bar.total) for bar in bars if bar.unit == "step"] == [(0, 3, 5), (3, 5, 5)]


@pytest.mark.usefixtures("undrawn")
def test_a_resumed_run_says_how_long_the_steps_that_are_left_will_take(tmp_path, interrupt, monkeypatch, capsys):
    monkeypatch.setattr(loop.estimate, "seconds_per_step", lambda *_: 100.0)
    folder = RunFolder(tmp_path / "run")
    interrupt(at=2)
    loop.train(with_steps(tiny(), 5), folder)
    assert "about 1e+02 s a step, 9.2 minutes in all" in capsys.readouterr().out
    loop.train(with_steps(tiny(), 5), folder, resume=True)
    assert "about 1e+02 s a step, 5.5 minutes in all" in capsys.readouterr().out


def test_a_folder_is_read_behind_a_bar(tmp_path, pictures, monkeypatch):
    seen = []
    monkeypatch.setattr(loop.tqdm, "update", lambda bar, n: seen.append((bar.total, n)))
    data = loop._open(run_config(data=pictures), RunFolder(tmp_path), "cpu", resume=False)
    assert len(data.images) == 30 and [total for total, _ in seen] == [30] * 30
    assert seen[0][1] == 1


@pytest.mark.parametrize("minutes, saved", [(4, [7, 6, 3]), (0.01, [7]), (10.05, [7, 6, 5, 4, 3, 2, 1])])
def test_nothing_stays_unsaved_for_more_than_ten_minutes(tmp_path, monkeypatch, minutes, saved):
    """By a clock on which a step takes so many."""
    folder = RunFolder(tmp_path / "run")
    with steps.watched(idle=True) as seen:
        clock = SimpleNamespace(monotonic=lambda: 60 * minutes * len(seen), perf_counter=time.perf_counter)
        monkeypatch.setattr(loop, "time", clock)
        loop.train(run_config(tiny(steps=7), save_every=1000, keep=10), folder)
    assert [checkpoint.step_of(path) for path in checkpoint.newest(folder.checkpoints)] == saved


def test_the_log_is_on_the_disk_before_a_checkpoint_is_saved(tmp_path, monkeypatch):
    """Otherwise a power cut leaves a checkpoint whose records are lost for good."""
    folder, synced, save, fsync = RunFolder(tmp_path / "run"), [None], checkpoint.save, os.fsync

    def note(file):
        fsync(file)
        if folder.log.exists() and os.fstat(file).st_ino == folder.log.stat().st_ino:
            synced.append(folder.log.read_bytes())

    def compare(path, arrays, facts):
        assert log.read(folder.log)[-1]["step"] == facts["step"] == checkpoint.step_of(path)
        assert synced[-1] == folder.log.read_bytes()
        save(path, arrays, facts)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(checkpoint, "save", compare)
    with steps.watched(idle=True):
        loop.train(run_config(save_every=1, keep=10), folder)
    assert len(synced) == 5 and len(checkpoint.newest(folder.checkpoints)) == 4


def test_a_run_leaves_its_files(tmp_path, curves):
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


@pytest.mark.parametrize("preset, named", [
    (TINY_VAE, {"pixels", "kl", "bound", "encoder_norm", "decoder_norm"}),
    (TINY_VQVAE, {"pixels", "commitment", "codebook", "encoder_norm", "quantizer_norm", "decoder_norm"}),
    (everything(TINY_VAE), {"pixels", "pyramid", "feature_matching", "lambda", "r1", "discriminator_norm"}),
    (everything(TINY_VQVAE), {"pixels", "pyramid", "feature_matching", "lambda", "r1", "discriminator_norm"}),
], ids=["vae", "vqvae", "vae, everything", "vqvae, everything"])
def test_an_autoencoder_leaves_its_files(tmp_path, curves, preset, named):
    """Log, curves, sheets of originals over reconstructions; samples below them where there is a prior."""
    folder = RunFolder(tmp_path / "run")
    assert loop.train(run_config(preset, sample_every=2, measure_every=2), folder) == 0
    left = {str(path.relative_to(folder.path)) for path in folder.path.rglob("*") if path.is_file()}
    assert {"config.json", "log.jsonl", "curves.png", "timelapse.gif", "samples/ema-00000004.png",
            "samples/raw-00000000.png", "checkpoints/step-00000004.npz"} <= left
    steps, measured = ([record for record in log.read(folder.log) if name in record] for name in ("pixels", "psnr"))
    assert [record["step"] for record in steps] == [1, 2, 3, 4] and [record["step"] for record in measured] == [0, 2, 4]
    assert all(named <= record.keys() for record in steps)
    of_latents = {"kl_held_out", "dimensions_used", "swd"} if preset.kind == "vae" else {"codes_used", "perplexity"}
    assert all({"ssim", "swd_rebuilt", "swd_real"} | of_latents <= record.keys() for record in measured)
    sheet = images.read_image(folder.samples / "ema-00000004.png")
    assert sheet.shape[0] == (5 if preset.kind == "vae" else 4) * 66 + 2
    held_out = BuiltInFaces(16, 0).held_out(8)
    np.testing.assert_array_equal(sheet[2:66:4, 2:66:4], held_out[0])
    np.testing.assert_array_equal(sheet[134:198:4, 2:66:4], held_out[10 % 8])


@pytest.mark.parametrize("preset", [everything(TINY_VAE), everything(TINY_VQVAE)], ids=["vae", "vqvae"])
def test_checkpoints_name_the_networks(tmp_path, preset):
    """Moving averages of those that pictures are made with, Adam of all."""
    folder = RunFolder(tmp_path / "run")
    loop.train(run_config(preset), folder)
    with np.load(checkpoint.newest(folder.checkpoints)[0]) as file:
        named = {kind: {name.split("/")[1] for name in file.files if name.startswith(f"{kind}/")}
                 for kind in ("networks", "ema", "adam")}
    assert named["networks"] == set(preset.networks) and named["ema"] == set(preset.networks) - {"discriminator"}
    assert named["adam"] == set(preset.networks) - {"quantizer"}             # whose codes are averages


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
    assert loop.train(with_steps(tiny(), 20), folder) == loop.INTERRUPTED == 130
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


@pytest.mark.parametrize("log_every", [1, 100])
def test_what_is_not_finite_stops_the_run_in_its_step_and_is_named(tmp_path, monkeypatch, log_every):
    folder, gradients = RunFolder(tmp_path), step.gradients

    def spoil(networks, *args):
        grads, averages, metrics = gradients(networks, *args)
        if len(checkpoint.newest(folder.checkpoints)) == 1:
            grads["generator"]["stages"][1]["cross_mlp"]["expand"]["weight"][0, 0] = np.nan
        return grads, averages, metrics

    monkeypatch.setattr(step, "gradients", spoil)
    culprit = "step 3: gradient of generator/stages/1/cross_mlp/expand/weight is not finite"
    with pytest.raises(UserError, match=f"{culprit}.*step-00000002"):
        loop.train(run_config(log_every=log_every), folder)
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
