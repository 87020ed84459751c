"""Files that are not what they should be: the right numbers, or one sentence; never a crash, a pickle or a flood."""

import contextlib
import io
import os
import shutil
import signal
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reliability.audit import harmless
from reliability.mutate import archives, damaged, json_texts
from support.helpers import assert_same
from support.runs import TINY, run_config, tiny

from minihit import tree
from minihit.cli import main
from minihit.data.prepare.decode import MAX_PIXELS
from minihit.errors import UserError
from minihit.training import loop, pictures, state
from minihit.training.run import checkpoint, log
from minihit.training.run.folder import RunFolder

EXAMPLES = [30, pytest.param(450, marks=pytest.mark.slow)]
MEMORY = 2**23                                                            # bytes, to read a run of a quarter of 2**20
PIXELS = 12 * MAX_PIXELS                                                  # bytes: what a picture may say that it has
PATIENCE = 600                                                            # seconds until something is taken to hang
PART = {"ema": {"generator": state.create(0, TINY).trees["ema"]["generator"]["averages"]}}
pytestmark = [pytest.mark.parametrize("examples", EXAMPLES), pytest.mark.filterwarnings("ignore:Duplicate name")]


@contextlib.contextmanager
def bounded(folder, memory=MEMORY):
    """Inside, no memory to speak of is taken, nothing is unpickled, and nothing outside the folder is written."""
    tracemalloc.start()
    try:
        with harmless(folder):
            yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < memory


@pytest.fixture(autouse=True)
def no_hang():
    def give_up(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def fuzz(examples, strategy, check):
    settings(max_examples=examples)(given(strategy)(check))()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of three steps with two checkpoints."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    loop.train(run_config(tiny(steps=3), save_every=1, sample_every=1), folder)
    return folder


def said_by(argv):
    """What a command says on stderr, each line a sentence, where it does not work; nothing where it does."""
    with contextlib.redirect_stderr(io.StringIO()) as err, contextlib.redirect_stdout(io.StringIO()):
        code = main(map(str, argv))
    lines = err.getvalue().splitlines()
    assert code == 0 or (code == 2 and lines)
    assert all(line.startswith("minihit: ") for line in lines), lines
    return lines


def test_a_damaged_checkpoint_gives_its_numbers_or_a_sentence(tmp_path, run, examples):
    path, whole = tmp_path / "step-00000003.npz", tmp_path / "whole.npz"
    checkpoint.save(whole, PART, {"step": 3})
    expected, expected_facts = checkpoint.load(whole, PART)

    def check(content):
        path.write_bytes(content)
        with bounded(tmp_path), contextlib.suppress(UserError):
            arrays, facts = checkpoint.load(path, PART)
            assert_same(arrays, expected)
            assert facts == expected_facts

    fuzz(examples, damaged(whole.read_bytes()), check)


def test_an_archive_of_other_members_gives_what_it_says_or_a_sentence(tmp_path, run, examples):
    path = tmp_path / "inside" / "step-00000003.npz"
    checkpoint.save(path, PART, {"step": 3})
    whole = path.read_bytes()

    def check(content):
        path.write_bytes(content)
        arrays = None
        with bounded(tmp_path), contextlib.suppress(UserError):
            arrays, _ = checkpoint.load(path, PART)
        with zipfile.ZipFile(path) as archive:
            for name, leaf in tree.items(arrays or {}):
                said = np.load(io.BytesIO(archive.read(f"{name}.npy")), allow_pickle=False)
                np.testing.assert_array_equal(leaf, said)
        assert [*tmp_path.rglob("*")] == [path.parent, path]

    fuzz(examples, archives(whole), check)


def test_a_damaged_configuration_is_a_configuration_or_a_sentence(tmp_path, run, examples):
    folder = tmp_path / "run"
    shutil.copytree(run.path, folder)

    def check(text):
        (folder / "config.json").write_bytes(text)
        for command in ("info", "sample"):
            rest = ["--seeds", "0", "--device", "cpu"] if command == "sample" else []
            with bounded(tmp_path):
                said_by([command, folder, *rest])

    fuzz(examples, json_texts(run.config.read_text()), check)


def test_a_damaged_log_gives_records_of_numbers(tmp_path, run, examples):
    folder = RunFolder(tmp_path)
    lines = run.log.read_text().splitlines()

    def check(damage):
        folder.log.write_bytes(b"\n".join(damage))
        with bounded(tmp_path):
            records = log.read(folder.log)
            log.cut_back(folder.log, 2)
        assert all(type(record["step"]) is int for record in records)
        assert all(np.isfinite(np.ravel(value)).all() for record in records for value in record.values())
        assert log.read(folder.log) == [record for record in records if record["step"] <= 2]

    line = st.sampled_from(lines).flatmap(json_texts)
    fuzz(examples, st.lists(line | st.just(lines[0].encode()), max_size=5), check)


def test_a_damaged_picture_is_a_picture_or_a_sentence(tmp_path, run, examples):
    shutil.copytree(run.path, tmp_path / "run")
    folder = RunFolder(tmp_path / "run")
    picture = sorted(folder.samples.glob("ema-*.png"))[-1]

    def check(content):
        picture.write_bytes(content)
        with bounded(tmp_path, PIXELS), contextlib.suppress(UserError):
            pictures.write_timelapse(folder)

    fuzz(examples, damaged(picture.read_bytes()), check)


THINGS = ("config.json", "log.jsonl", "checkpoints", "samples", "checkpoints/step-00000003.npz",
          "checkpoints/step-00000002.npz", "samples/ema-00000003.png")


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def to_folder(path):
    remove(path)
    path.mkdir(parents=True)


def to_nothing_link(path):
    remove(path)
    path.symlink_to("nowhere")


def to_endless_link(path):
    remove(path)
    path.symlink_to(path.name)


def to_empty(path):
    remove(path)
    path.write_bytes(b"")


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_run_folder_in_disorder_is_a_sentence(tmp_path, run, examples):
    folder = tmp_path / "run"

    def check(changes):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(run.path, folder)
        for name, change in changes:
            with contextlib.suppress(OSError):                            # of a change under what another one removed
                change(folder / name)
        with bounded(tmp_path, 8 * MEMORY):
            said_by(["sample", folder, "--seeds", "0", "--device", "cpu"])
            said_by(["train", "--resume", "--run", folder, "--steps", "4", "--device", "cpu"])

    change = st.sampled_from((remove, to_folder, to_nothing_link, to_endless_link, to_empty))
    fuzz(examples // 6, st.lists(st.tuples(st.sampled_from(THINGS), change), min_size=1, max_size=3), check)
