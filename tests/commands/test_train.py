"""minihit train as its user meets it."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from support.commands import refusal
from support.exercises import HOLES, chapter, solved
from support.runs import TINY, TINY_VAE, TINY_VQVAE, run_config, write_run

from minihit import backend
from minihit.cli import main
from minihit.commands import train
from minihit.commands.train import configure
from minihit.layers.norm import NORMS
from minihit.layers.residual_downsample import DOWNSAMPLES
from minihit.models.hit.config import ATTENTIONS
from minihit.objectives.losses import KINDS
from minihit.ops import softmax
from minihit.ops.augment import POLICIES
from minihit.presets import PRESETS
from minihit.presets.autoencoder import DECODERS, counterpart
from minihit.presets.autoencoder import PRESETS as AUTOENCODERS
from minihit.presets.stylegan2 import GENERATORS
from minihit.presets.stylegan2 import counterpart as gan_counterpart
from minihit.training import loop
from minihit.training.run.config import RunConfig, intervals
from minihit.training.run.folder import RunFolder


@pytest.fixture
def trained(monkeypatch):
    """What training was asked for, in place of training."""
    calls = []
    monkeypatch.setattr(loop, "train", lambda *arguments: calls.append(arguments) or 0)
    return calls


def test_train_starts_from_the_default_preset(trained):
    assert main(["train", "--device", "cpu"]) == 0
    (config, folder, device, resume, budget, data_on_device, graph), = trained
    assert config == RunConfig(PRESETS["faces-32"])
    assert (folder.path, device, resume) == (Path("runs/faces-32"), "cpu", False)
    assert (budget, data_on_device, graph) == (None, "auto", "auto")


EVERY_KIND_OF_FLAG = """
train --preset celeba-64 --data photos --run here --device cpu --seed 7 --steps 9 --batch 8
--generator.norm layer --generator.attention grid --generator.windows 4 4 None None --generator.no-cross-attention
--discriminator.minibatch-stddev --recipe.r1 5 --recipe.augment color translation --recipe.micro-batch 4
--log-every 1 --sample-every 2 --measure-every 3 --measure-images 4 --save-every 5 --keep 6 --no-flip
--data-on-device no
"""


def test_every_setting_is_a_flag(trained):
    assert main(EVERY_KIND_OF_FLAG.split()) == 0
    (config, folder, *_, data_on_device, _), = trained
    assert data_on_device == "no"
    base = PRESETS["celeba-64"]
    generator = replace(base.generator, norm="layer", attention="grid", windows=(4, 4, None, None),
                        cross_attention=False)
    recipe = replace(base.recipe, steps=9, batch=8, r1=5.0, augment=("color", "translation"), micro_batch=4)
    preset = replace(base, generator=generator, recipe=recipe,
                     discriminator=replace(base.discriminator, minibatch_stddev=True))
    assert config == RunConfig(preset, data="photos", seed=7, flip=False, log_every=1, sample_every=2, measure_every=3,
                               measure_images=4, save_every=5, keep=6)
    assert folder.path == Path("here")


def test_short_flags_stand_for_long_ones(trained):
    assert main(["train", "--device", "cpu", "--steps", "7", "--batch", "24", "--micro-batch", "8"]) == 0
    recipe = trained[0][0].preset.recipe
    assert (recipe.steps, recipe.batch, recipe.micro_batch) == (7, 24, 8)


def test_the_help_says_what_micro_batches_change_and_what_own_layers_are(capsys):
    assert main(["train", "--help"]) == 0
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "The gradient is that of the whole batch, except that batch norm takes its statistics" in words
    assert "Exercises of minihit learn, and files named after ops and layers, that take the place of" in words


def test_a_budget_is_handed_to_training(trained):
    assert main(["train", "--device", "cpu", "--budget", "hour"]) == 0
    assert trained[0][4] == "hour"


def test_long_runs_look_less_often(trained):
    assert main(["train", "--device", "cpu", "--preset", "celeba-64"]) == 0
    assert main(["train", "--device", "cpu", "--preset", "celeba-64", "--steps", "3000", "--measure-every", "7"]) == 0
    long, short = (arguments[0] for arguments in trained)
    assert (long.sample_every, long.measure_every, long.save_every) == (1_000, 2_500, 1_000)
    assert (short.sample_every, short.measure_every, short.save_every) == (50, 7, 500)


def test_tf32_is_asked_for_before_the_first_product(trained, monkeypatch):
    monkeypatch.setenv("CUPY_TF32", "0")
    monkeypatch.setattr(backend, "gpu_problem", lambda: None if os.environ["CUPY_TF32"] == "1" else "too late")
    assert main(["train", "--device", "gpu", "--tf32"]) == 0
    assert trained[0][2] == "gpu"


@pytest.mark.parametrize("flag", ["--steps", "--recipe.steps"])
def test_a_number_of_steps_decides_how_often_a_run_looks_by_either_name(flag):
    assert configure([flag, "40000"]).config == RunConfig(
        replace(PRESETS["faces-32"], recipe=replace(PRESETS["faces-32"].recipe, steps=40_000)), **intervals(40_000))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_named(name):
    options = configure([f"--preset={name}"])
    assert options.config.preset == PRESETS[name]
    assert options.run == Path("runs", name)


EVERY_KIND_OF_FLAG_OF_A_VQVAE = """
train --preset vqvae-32 --decoder cnn --device cpu --steps 9 --batch 8 --encoder.out 8 --encoder.blocks 1
--quantizer.width 8 --quantizer.codes 64 --quantizer.learn gradient --quantizer.rotate --decoder.channels 32 16
--decoder.latent 8 --discriminator.minibatch-stddev --recipe.pixels l2 --recipe.beta 0.5 --recipe.adversarial 0.8
--recipe.micro-batch 4
"""


def test_every_setting_of_an_autoencoder_is_a_flag_beside_its_decoder(trained):
    assert main(EVERY_KIND_OF_FLAG_OF_A_VQVAE.split()) == 0
    base, found = counterpart("vqvae-32", "cnn"), trained[0][0].preset
    assert found == replace(
        base, encoder=replace(base.encoder, out=8, blocks=1),
        decoder=replace(base.decoder, latent=8, channels=(32, 16)),
        quantizer=replace(base.quantizer, width=8, codes=64, learn="gradient", rotate=True),
        discriminator=replace(base.discriminator, minibatch_stddev=True),
        recipe=replace(base.recipe, steps=9, batch=8, pixels="l2", beta=0.5, adversarial=0.8, micro_batch=4))


@pytest.mark.parametrize("name", AUTOENCODERS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_autoencoder_has_every_decoder(name, decoder):
    options = configure(["--preset", name, "--decoder", decoder])
    assert options.config.preset == counterpart(name, decoder) and options.run == Path("runs", name)


@pytest.mark.parametrize("generator", GENERATORS)
def test_a_gan_has_every_generator_and_its_settings_are_flags(generator):
    options = configure(["--preset", "faces-32", "--generator", generator, "--generator.latent", "32"])
    base = gan_counterpart("faces-32", generator)
    assert options.config.preset == replace(base, generator=replace(base.generator, latent=32))
    assert options.run == Path("runs", "faces-32")


@pytest.mark.parametrize("preset, flags", [
    ("stylegan2-32", {"--generator.mapping", "--generator.width", "--generator.mapping-rate", "--generator"}),
    ("vae-32", {"--encoder.blocks", "--decoder.heads", "--recipe.beta", "--recipe.sigma", "--discriminator.channels"}),
    ("vqvae-32", {"--encoder.blocks", "--quantizer.codes", "--decoder.windows", "--recipe.pyramid", "--decoder"}),
    ("vqvae-32 --decoder cnn", {"--encoder.blocks", "--quantizer.restart", "--decoder.blocks"}),
])
def test_the_help_of_a_preset_shows_its_flags_and_no_others(capsys, preset, flags):
    assert main(["train", "--preset", *preset.split(), "--help"]) == 0
    lines = capsys.readouterr().out.replace("│", " ").splitlines()
    shown = {line.split()[0] for line in lines if line.strip().startswith("--")}
    assert shown >= flags and ("--generator.latent" in shown) == (preset == "stylegan2-32")
    assert ("--quantizer.codes" in shown) == ("vqvae" in preset)
    assert ("--decoder.heads" in shown) == (preset[0] == "v" and "cnn" not in preset)


def test_an_unknown_decoder_is_refused_with_those_that_there_are(capsys, trained):
    for argv in (["--preset", "vqvae-32", "--decoder", "rnn"], ["--preset", "vqvae-32", "--decoder"],
                 ["--preset", "vqvae-32", "--decoder", "cnn", "--decoder.heads", "4", "4", "4"]):
        assert main(["train", *argv]) == 2
        assert "--decoder" in capsys.readouterr().err
    assert trained == []


@pytest.mark.parametrize("argv, sentence", [
    (["--decoder", "cnn"], "--decoder chooses between the decoders of vae-32, vqvae-32, vqvae-64, vqvae-256: leave it "
                           "out with faces-32"),
    (["--preset", "hit-128", "--decoder", "hit"], "leave it out with hit-128"),
    (["--generator", "stylegan2", "--decoder", "cnn"], "leave it out with faces-32"),
    (["--preset", "vqvae-32", "--generator", "stylegan2"], "leave it out with vqvae-32"),
    (["--run", "VQVAE", "--resume", "--generator", "hit"], "--generator belongs to a --preset and the run that is"),
    (["--run", "VQVAE", "--resume", "--decoder", "cnn"], "--decoder belongs to a --preset and the run that is named"),
    (["--run", "new", "--from", "VQVAE", "--decoder", "cnn"], "named has its own decoder: leave it out"),
    (["--run", "VQVAE", "--resume", "--quantizer.codes", "9"], "--quantizer.codes 9 contradicts the run in"),
    (["--run", "VQVAE", "--resume", "--preset", "vae-tiny"], "trains a vqvae, vae-tiny is a vae: leave --preset out"),
    (["--preset", "vqvae-32", "--encoder.out", "9"], "the encoder gives 9 numbers and the quantizer needs 16: choose"),
    (["--preset", "vae-32", "--encoder.spatial"], "one of encoder and decoder has a latent grid, the other a vector"),
    (["--preset", "vqvae-32", "--recipe.features", "1"], "so choose --recipe.adversarial 0.5, or --recipe.features 0"),
    (["--preset", "vqvae-32", "--quantizer.decay", "1"], "decay is 1.0: it must be at least 0 and less than 1"),
])
def test_train_refuses_what_contradicts_an_autoencoder(capsys, here, trained, monkeypatch, vqvae, argv, sentence):
    monkeypatch.setitem(PRESETS, "vae-tiny", TINY_VAE)
    assert sentence in refusal(capsys, "train", *[str(vqvae) if word == "VQVAE" else word for word in argv])
    assert trained == []


def test_an_autoencoder_resumes_and_begins_from_another(trained, vqvae):
    assert main(["train", "--run", str(vqvae), "--resume", "--steps", "9", "--device", "cpu"]) == 0
    assert main(["train", "--run", "new", "--from", str(vqvae), "--steps", "9", "--device", "cpu"]) == 0
    assert main(["train", "--run", "new", "--from", str(vqvae), "--preset", "vqvae-32", "--decoder", "cnn"]) == 0
    longer = replace(TINY_VQVAE, recipe=replace(TINY_VQVAE.recipe, steps=9))
    assert [arguments[0].preset for arguments in trained] == [longer, longer, counterpart("vqvae-32", "cnn")]
    assert {arguments[0].origin for arguments in trained[1:]} == {str(vqvae / "checkpoints/step-00000003.npz")}


@pytest.mark.parametrize("argv, sentence", [
    (["--preset", "faces"], f"preset 'faces' is unknown: choose one of {', '.join(PRESETS)}"),
    (["--preset", ""], "preset '' is unknown: choose one of"),
    (["--run", ""], "--run is empty: give the folder of a run"),
    (["--data", ""], "data is empty: give faces, a folder of images"),
    (["--seed", "-1"], "seed is -1: it must lie between 0 and"),
    (["--recipe.beta1", "1.0"], "beta1 is 1.0: it must be below 1"),
    (["--recipe.clip", "1e-300"], "clip is 1e-300, and 0.0 in float32"),
    (["--recipe.r1", "inf"], "r1 is inf, and inf in float32"),
    (["--recipe.generator-rate", "nan"], "generator_rate is nan: it must be above 0"),
    (["--generator.channels", "8", "8", "99999999999999"], "channels is 99999999999999: it must be at most 65,536"),
    (["--generator.layers", "1", "1", "65536"], "layers is 65536: it must be at most 1,000"),
    (["--discriminator.channels", "8", "8", "99999999999"], "channels is 99999999999: it must be at most 65,536"),
    (["--generator.windows", "3", "4", "None"], "windows of side 3 do not tile a 8 x 8 map"),
    (["--discriminator.channels", "8", "8"], "side 32, the discriminator reads side 8"),
    (["--steps", "0"], "steps is 0: it must be above 0"),
    (["--batch", "4000000000"], "batch is 4000000000: it must be at most 65,536"),
    (["--lanes=-1"], "lanes is -1: it must be 0 (as many as pay) to 4096"),
    (["--lanes", "99999"], "lanes is 99999: it must be 0"),
    (["--keep", "0"], "keep is 0: it must be at least 1"),
    (["--device", "cpu", "--tf32"], "--tf32 is about products on a GPU and this run is on the CPU: leave it out"),
    (["--budget", "hour", "--steps", "9"], "--budget chooses the number of steps when a run begins"),
    (["--budget", "hour", "--recipe.steps", "9"], "--budget chooses the number of steps when a run begins"),
    (["--resume"], "runs/faces-32 holds no run, so there is nothing to resume: leave --resume out to start one there"),
])
def test_train_refuses_what_cannot_work(capsys, here, trained, argv, sentence):
    assert sentence in refusal(capsys, "train", *argv)
    assert trained == []


CHOICES = {"--generator.attention": ATTENTIONS, "--generator.norm": NORMS, "--discriminator.downsample": DOWNSAMPLES,
           "--recipe.loss": KINDS, "--recipe.augment": tuple(POLICIES), "--device": ("auto", "cpu", "gpu"),
           "--data-on-device": ("auto", "yes", "no"), "--budget": ("minutes", "hour", "night")}


@pytest.mark.parametrize("flag", CHOICES)
def test_a_choice_is_shown_in_help_and_where_it_is_misspelt(capsys, trained, flag):
    assert main(["train", "--help"]) == 0
    assert f"{{{','.join(CHOICES[flag])}}}" in "".join(capsys.readouterr().out.replace("│", "").split())
    assert main(["train", flag, "misspelt"]) == 2
    err = capsys.readouterr().err
    assert flag in err and all(choice in err for choice in CHOICES[flag]) and trained == []


@pytest.mark.parametrize("word", ["none", "None", "NONE", "-"])
def test_none_is_understood_however_it_is_written(word):
    config = configure(["--generator.windows", "4", word, word, "--recipe.augment", word]).config
    assert config.preset.generator.windows == (4, None, None)
    assert config.preset.recipe.augment is None


def test_resume_takes_the_configuration_of_the_run(trained, run):
    assert main(["train", "--run", str(run), "--resume", "--device", "cpu"]) == 0
    (config, folder, device, resume, *_), = trained
    assert config.preset == TINY
    assert (folder.path, device, resume) == (run, "cpu", True)


def test_resume_accepts_the_same_flags_again_and_more_steps(trained, run):
    argv = ["train", "--run", run, "--resume", "--recipe.r1", "10", "--generator.channels", "8", "4", "--steps", "400"]
    assert main(map(str, argv)) == 0
    assert trained[0][0].preset == replace(TINY, recipe=replace(TINY.recipe, steps=400))


@pytest.mark.parametrize("argv, sentence", [
    (["--recipe.r1", "5"], "--recipe.r1 5.0 contradicts the run in"),
    (["--generator.norm", "layer"], "--generator.norm layer contradicts"),
    (["--discriminator.channels", "4", "4", "4"], "--discriminator.channels 4 4 4 contradicts the run in"),
    (["--batch", "8"], "--recipe.batch 8 contradicts"),
    (["--measure-images", "9"], "--measure-images 9 contradicts"),
    (["--no-flip"], "--flip False contradicts"),
    (["--preset", "hit-128"], "makes images of side 16, hit-128 of side 128: leave --preset out"),
])
def test_resume_refuses_other_settings_by_name(capsys, trained, run, argv, sentence):
    assert sentence in refusal(capsys, "train", "--run", run, "--resume", *argv)
    assert trained == []


def test_resume_may_change_what_decides_no_number(trained, run):
    argv = ["--log-every", "7", "--sample-every", "8", "--measure-every", "9", "--save-every", "10", "--keep", "11",
            "--data", "elsewhere"]
    assert main(["train", "--run", str(run), "--resume", "--device", "cpu", *argv]) == 0
    config = trained[0][0]
    assert (config.log_every, config.sample_every, config.measure_every) == (7, 8, 9)
    assert (config.save_every, config.keep, config.data) == (10, 11, "elsewhere")


@pytest.mark.parametrize("old, new, sentence", [
    ('"seed": 0', '"seed": 1', "was made with seed 0 and the run is to go on with 1: put the old value back into"),
    ('"beta2": 0.99', '"beta2": 0.9', "was made with recipe.beta2 0.99 and the run is to go on with 0.9: put"),
    ('"norm": "batch"', '"norm": "layer"', "generator.norm batch and the run is to go on with layer"),
])
def test_resume_notices_a_configuration_that_was_edited(capsys, tmp_path, old, new, sentence):
    folder = RunFolder(tmp_path)
    loop.train(run_config(), folder)
    folder.config.write_text(folder.config.read_text().replace(old, new))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert sentence in refusal(capsys, "train", "--run", tmp_path, "--resume", "--steps", "9", "--device", "cpu")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_resume_refuses_fewer_steps_than_were_made(capsys, tmp_path):
    loop.train(run_config(), RunFolder(tmp_path))
    before = (tmp_path / "config.json").read_bytes()
    capsys.readouterr()
    said = refusal(capsys, "train", "--run", tmp_path, "--resume", "--steps", "3", "--device", "cpu")
    assert said == (f"minihit: the run in {tmp_path} has made 4 steps already and is to end after 3: "
                    f"give more by --steps\n")
    assert (tmp_path / "config.json").read_bytes() == before


def test_a_new_run_takes_networks_and_recipe_of_the_one_that_it_begins_from(trained, run):
    assert main(["train", "--from", str(run), "--run", "new", "--data", "photos", "--device", "cpu"]) == 0
    config, folder, *_ = trained[0]
    assert config.preset == TINY and config.preset.recipe.augment is None
    assert config.origin == str(run / "checkpoints/step-00000003.npz")
    assert (config.data, folder.path) == ("photos", Path("new"))


def test_a_checkpoint_can_be_named_and_the_recipe_be_another(trained, run):
    file = run / "checkpoints/step-00000003.npz"
    argv = ["train", "--from", file, "--run", "new", "--device", "cpu", "--steps", "9", "--recipe.r1", "5"]
    assert main(map(str, argv)) == 0
    assert main(map(str, [*argv[:-4], "--preset", "celeba-64"])) == 0
    assert [config.origin for config, *_ in trained] == [str(file)] * 2
    assert trained[0][0].preset == replace(TINY, recipe=replace(TINY.recipe, steps=9, r1=5.0))
    assert trained[1][0].preset == PRESETS["celeba-64"]


def test_few_pictures_are_augmented_anew_in_a_run_that_begins_from_another(tmp_path, trained):
    write_run(tmp_path, replace(TINY, recipe=replace(TINY.recipe, augment=())))
    assert main(["train", "--from", str(tmp_path), "--run", "new", "--device", "cpu"]) == 0
    assert trained[0][0].preset.recipe.augment is None


@pytest.mark.parametrize("argv, sentence", [
    (["--from", "RUN"], "--from begins a new run: name its folder with --run"),
    (["--from", "RUN", "--run", "RUN", "--resume"], "and leave --from out to --resume it"),
    (["--from", "nowhere", "--run", "new"], "--from nowhere holds no checkpoint: give the folder of a run"),
    (["--from", "", "--run", "new"], "--from is empty: give the folder of a run"),
])
def test_from_refuses_what_cannot_work(capsys, here, trained, run, argv, sentence):
    assert sentence in refusal(capsys, "train", *[str(run) if word == "RUN" else word for word in argv])
    assert trained == []


def test_resume_takes_no_budget(capsys, trained, run):
    assert "--budget chooses the number" in refusal(capsys, "train", "--run", run, "--resume", "--budget", "night")
    assert trained == []


def test_training_starts_stops_and_resumes(capsys, here):
    argv = ["train", "--run", "a", "--device", "cpu", "--batch", "2", "--recipe.micro-batch", "2",
            "--measure-images", "4", "--generator.channels", "8", "8", "--generator.layers", "1", "0",
            "--generator.heads", "2", "2", "--generator.windows", "4", "None",
            "--discriminator.channels", "4", "4", "4"]
    assert main([*argv, "--steps", "1"]) == 0
    assert main([*argv, "--steps", "2", "--resume"]) == 0
    assert json.loads(Path("a/config.json").read_text())["preset"]["recipe"]["steps"] == 2
    assert sorted(path.name for path in Path("a/checkpoints").iterdir()) == ["step-00000001.npz", "step-00000002.npz"]
    capsys.readouterr()
    assert "holds a run already: go on with --resume" in refusal(capsys, *argv)


@pytest.mark.parametrize("kind", ["vae", "vqvae"])
def test_an_autoencoder_trains_from_another_and_not_from_a_gan(request, capsys, here, run, kind):
    argv = ["train", "--device", "cpu", "--steps", "1", "--measure-images", "4", "--from"]
    other = request.getfixturevalue(kind)
    assert main([*argv, str(other), "--run", "tuned"]) == 0
    assert "begun with all weights of" in capsys.readouterr().out
    assert main(["reconstruct", "tuned", "--device", "cpu"]) == 0
    err = refusal_of_training(capsys, [*argv, str(run), "--preset", f"{kind}-32", "--run", "other"])
    assert "is of another network (networks/encoder/" in err


def refusal_of_training(capsys, argv):
    capsys.readouterr()
    assert main(argv) == 2
    err = capsys.readouterr().err
    assert err.startswith("minihit: ") and err.count("\n") == 1
    return err


@pytest.fixture
def exercises(tmp_path):
    """A folder with two exercises, one of them a hole."""
    folder = tmp_path / "exercises"
    folder.mkdir()
    for number, source in ((6, solved(6)), (4, (HOLES / chapter(4).file).read_text())):
        (folder / chapter(number).file).write_text(source)
    return folder


def test_with_a_folder_the_layers_in_it_are_the_librarys_while_it_trains(monkeypatch, exercises, capsys):
    seen, library = [], softmax.forward
    monkeypatch.setattr(loop, "train", lambda *arguments: seen.append((softmax.forward, *arguments)) or 0)
    assert main(["train", "--with", str(exercises), "--run", "here"]) == 0
    (forward, config, _, device, *_), = seen
    assert forward is not library and softmax.forward is library
    assert (config.lanes, device) == (1, "cpu")
    assert capsys.readouterr().out.splitlines() == [
        "left to the library: layer_norm: not written yet", f"your own, from {exercises}: softmax"]


def test_a_run_with_layers_of_ones_own_goes_on_with_them(monkeypatch, exercises, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    library, used = softmax.forward, []
    write_run(tmp_path / "run", own=str(exercises), lanes=1)
    monkeypatch.setattr(loop, "train", lambda config, *_: used.append((softmax.forward, config.own)) or 0)
    assert main(["train", "--resume", "--run", "run"]) == 0
    exercises.rename("moved")
    assert f"{exercises} is no folder: give by --with the one" in refusal(capsys, "train", "--resume", "--run", "run")
    assert main(["train", "--resume", "--run", "run", "--with", "moved"]) == 0
    assert [own for _, own in used] == [str(exercises), "moved"]
    assert library not in [forward for forward, _ in used]


@pytest.mark.parametrize("flags", [["--lanes", "2"], ["--device", "gpu"]])
def test_with_a_folder_of_layers_there_is_one_lane_and_no_gpu(trained, exercises, capsys, flags):
    assert "--with trains on the CPU and on one lane: leave --device and --lanes out" in refusal(
        capsys, "train", "--with", exercises, *flags)
    assert trained == []


@pytest.mark.parametrize("argv, folder", [(["mine", "--steps", "3"], "mine"), (["--steps", "3"], ".")])
def test_learn_train_trains_with_the_exercises(monkeypatch, exercises, argv, folder):
    monkeypatch.chdir(exercises)
    calls = []
    monkeypatch.setattr(train, "main", lambda argv: calls.append(argv) or 0)
    assert main(["learn", "train", *argv]) == 0
    assert calls == [["--with", folder, "--steps", "3"]]


def test_learn_train_without_exercises_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    assert "no exercise is here: give the folder that holds yours" in refusal(capsys, "learn", "train")
    assert main(["learn", "train", "--help"]) == 0
    assert "minihit learn train my_layers" in capsys.readouterr().out
