"""Mistyped and mutilated command lines: an exit code that means something, no traceback, nothing of a user's lost."""

import hashlib
import signal

import numpy as np
import pytest
from support.pictures import encoded, photo
from support.runs import TINY, TINY_VQVAE, write_run

from minihit.cli import COMMANDS, main
from minihit.commands import bench, gradcheck, trace
from minihit.data.faces import stand_in
from minihit.gradcheck import plants
from minihit.gradcheck.table import CHECKS
from minihit.training import loop, room

CODES = {0, 1, 2, 130, 143}
PATIENCE = 120                                                            # seconds until a command is taken to hang
KEPT = ("run/config.json", "run/checkpoints", "vqvae/config.json", "vqvae/checkpoints",
        "store", "photos", "celeba", "notes.txt", "mine.py")
LINES = """
train
train --preset celeba-64 --data photos --run new --budget night
train --run run --resume --steps 9 --device cpu
train --generator.attention grid --generator.norm layer --generator.windows 4 none None --recipe.r1 5 --seed 3
train --recipe.augment color cutout --no-flip --log-every 1 --sample-every 2 --measure-every 3 --measure-images 4
train --save-every 5 --keep 6 --batch 8 --micro-batch 4 --recipe.beta1 0.5 --recipe.loss hinge --data-on-device no
train --discriminator.channels 8 8 8 8 --discriminator.minibatch-stddev --recipe.ema-decay 0.9 --recipe.clip 1
sample run --seeds 0-3 --columns 2 --scale 2 --device cpu
sample run --seeds 7 --out face.png --raw
sample run --seeds 1,2 --folder faces
interpolate run --seeds 0-1 --frames 2 --fps 20 --columns 1 --scale 1 --out walk.gif
reconstruct vqvae photos --count 4 --show 2 --columns 2 --scale 1 --out pairs.png --raw
codebook vqvae photos/0.png photos/1.png --columns 3 --out codes.png
interpolate vqvae --pictures photos/0.png photos/1.png --frames 2 --scale 1 --out walk.gif
train --preset vqvae-32 --decoder cnn --quantizer.codes 64 --recipe.beta 0.5 --encoder.blocks 1 --decoder.blocks 1
measure run --count 12 --seed 3 --out measures.json --device cpu
measure vqvae photos --raw
measure photos store --count 4 --size 16 --pairs --split training --features random
measure photos photos --features mine.npz --weights weights.pth
train --measure frechet kid --weights weights.pth
attention run --seeds 0-1 --out page.html --raw
trace faces-32 --batch 1 --depth 2 --only generator --seed 3
learn check 6 mine.py
learn pages --out pages --chapters 4-99
info vqvae-32 --decoder cnn
train --preset faces-32 --generator stylegan2 --generator.mapping 3 --generator.mapping-rate 0.1
info faces-32 --generator stylegan2-wide
info run
bench --preset run --batch 4 --micro-batch 2 --r1 3 --consistency 5 --steps 1 --out bench.json
bench --ops --device cpu
bench --peer mine.py --only step images
gradcheck --only softmax --dtype float32
gradcheck mine.py --against gelu --thorough
gradcheck --self-test
data prepare photos new --size 16 --crop square --margin 0.9 --filter box --strict
data prepare celeba/img_align_celeba.zip store --size 16
data show store --out store.png --count 4 --seed 1
data check store
data stand-in drawn --count 3 --seed 2
--help
--version
""".strip().splitlines()
WORDS = ("", "-", "--", "-h", "-1", "0", "1", "2", "1.5", "1e3", "nan", "-inf", "1e400", "none", "None", "True", "0x10",
         "1_0", "²", "٣", "9" * 25, "9" * 5000, "-" + "9" * 30, str(2**63 - 1), "0-", "3-1", "0-2", "photos", "run",
         "store", "celeba", "gone", "notes.txt", "run/config.json", "~", "~nobody/x", "/dev/null", "x" * 300, "a b",
         "kaputt_\udcfc", "写真", "\n", "faces", "hit-1024", "celeba-64", "grid", "layer", "auto", "gpu", "'", "%s")


def mutated(rng, words, flags):
    """A command line with one to three mistakes in it."""
    words = list(words)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(words) + 1))
        inside = min(at, len(words) - 1)
        match rng.choice(["exchange", "drop", "double", "insert", "flag", "misspell", "swap", "cut", "join"]):
            case "exchange" if words:
                words[inside] = str(rng.choice(WORDS))
            case "drop" if words:
                del words[inside]
            case "double" if words:
                words.insert(at, words[inside])
            case "insert":
                words.insert(at, str(rng.choice(WORDS)))
            case "flag":
                words[at:at] = [str(rng.choice(flags)), str(rng.choice(WORDS))]
            case "misspell" if words and words[inside]:
                place = rng.integers(len(words[inside]))
                words[inside] = words[inside][:place] + chr(rng.integers(33, 127)) + words[inside][place + 1:]
            case "swap" if words:
                other = int(rng.integers(len(words)))
                words[inside], words[other] = words[other], words[inside]
            case "cut" if words:
                words = words[:inside]
            case "join" if len(words) > 1:
                place = int(rng.integers(len(words) - 1))
                words[place:place + 2] = ["=".join(words[place:place + 2])]
    return words


def digests(folder):
    """{path: hash} of the files that no command may change; it may put new ones beside them."""
    paths = [path for name in KEPT for path in [folder / name, *(folder / name).rglob("*")] if path.is_file()]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a run, pictures, CelebA's files and a store, in which nothing takes long."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write_run(tmp_path / "run")
    write_run(tmp_path / "vqvae", TINY_VQVAE)
    (tmp_path / "photos").mkdir()
    for i in range(4):
        (tmp_path / "photos" / f"{i}.png").write_bytes(encoded(photo(size=(32 + i, 32))))
    stand_in.write(tmp_path / "celeba", 4)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "mine.py").write_text("from minihit.ops.gelu import forward, backward\n")
    assert main(["data", "prepare", "photos", "store", "--size", "16"]) == 0

    def train(config, folder, device, *others):
        room.fitting(config, device)
        return 0

    monkeypatch.setattr(loop, "train", train)
    monkeypatch.setattr(bench, "KINDS", {kind: lambda *given: ({}, "measured") for kind in bench.KINDS})
    traced = trace.step(TINY, 2, 0)
    monkeypatch.setattr(trace, "step", lambda *given: traced)
    monkeypatch.setattr(gradcheck, "CHECKS", {"softmax": CHECKS["softmax"]})
    monkeypatch.setattr(plants, "PLANTS", {"a sign": plants.PLANTS["a sign"]})
    return tmp_path


@pytest.fixture
def patience():
    """Whatever takes longer is an error."""
    def give_up(number, frame):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    yield lambda: signal.alarm(PATIENCE)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("times", [310, pytest.param(3_000, marks=pytest.mark.slow)])
def test_a_mutilated_command_line_is_a_sentence(place, patience, capfd, times):
    rng, before, seen = np.random.default_rng(times), digests(place), set()
    flags = sorted({word for line in LINES for word in line.split() if word.startswith("-")})
    for number in range(times):
        words = LINES[number % len(LINES)].split()
        argv = words if number < len(LINES) else mutated(rng, words, flags)  # each as it is first
        patience()
        try:
            code = main(argv)
        except BaseException as error:
            raise AssertionError(f"minihit {argv} raises") from error
        out, err = capfd.readouterr()
        assert code in CODES and "Traceback" not in out + err, argv
        assert code != 2 or err.strip(), argv
        assert digests(place).items() >= before.items(), argv
        seen.add((argv[0] if argv and argv[0] in COMMANDS else "", code))
    work = {"sample", "data", "train", "bench", "reconstruct", "codebook", "measure", "attention", "trace"}
    assert {command for command, code in seen if code == 0} >= work
    assert {command for command, code in seen if code == 2} >= {*COMMANDS}
