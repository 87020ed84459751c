"""minihit train as a process of its own, small enough to be started, watched and killed many times."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from minihit.training.run import checkpoint, log
from minihit.training.run.folder import RunFolder

ROOT = Path(__file__).parents[2]
ENDLESS = 1_000_000                                                       # steps, of a run that is going to be killed
PATIENCE = 300                                                            # seconds until something is taken to hang
_OF_ANY = ["--discriminator.channels", "4", "6", "5", "--batch", "4", "--recipe.micro-batch", "2",
           "--recipe.decay-from", "1", "--log-every", "1", "--sample-every", "1000", "--measure-every", "1000",
           "--measure-images", "8", "--device", "cpu"]
_COMMON = ["--generator.layers", "1", "1", "--generator.heads", "2", "2", "--generator.windows", "4", "None",
           "--generator.tokens", "3", *_OF_ANY]
TINY = ["--generator.latent", "3", "--generator.channels", "8", "4", *_COMMON]      # a checkpoint of 0.2 MB
VQVAE = ["--preset", "vqvae-32", "--encoder.size", "16", "--encoder.channels", "8", "--encoder.out", "3",
         "--quantizer.codes", "12", "--quantizer.width", "3", "--decoder.latent", "3", "--decoder.channels", "8", "4",
         "--decoder.layers", "1", "1", "--decoder.heads", "2", "2", "--decoder.windows", "4", "None",
         *_OF_ANY]                                                        # how far D is faded in follows --steps
STYLEGAN2 = ["--preset", "stylegan2-32", "--generator.latent", "3", "--generator.width", "4",
             "--generator.channels", "5", "4", "3", *_OF_ANY]
WIDE = ["--generator.latent", "512", "--generator.channels", "64", "4", *_COMMON]   # of 37 MB


def arguments(folder, flags, steps=ENDLESS):
    """Of minihit, to begin the run in a folder, or to go on where it holds a checkpoint."""
    flags = ["--resume", "--device", "cpu"] if checkpoint.newest(RunFolder(folder).checkpoints) else flags
    return ["train", "--run", str(folder), *flags, "--steps", str(steps)]


def start(argv):
    """A process of minihit with these arguments; its output, both kinds in one, is a pipe of text."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen([sys.executable, "-m", "minihit", *argv], env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(process):
    """(exit code, output) of a process that ends by itself."""
    out, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, out


def kill(process, number=signal.SIGKILL):
    """Send a signal; returns (exit code, output)."""
    process.send_signal(number)
    return finish(process)


def wait_until(true, process):
    """Look every millisecond until true(); the process must still run."""
    for _ in range(PATIENCE * 1000):
        if true():
            return
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.001)
    raise AssertionError("nothing has happened for minutes")


def logged(folder):
    """How many lines the log has."""
    path = RunFolder(folder).log
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def steps(folder):
    """The steps of the log's records of training, as they come."""
    return [record["step"] for record in log.read(RunFolder(folder).log) if "seconds_per_step" in record]


def last_step(folder):
    """Of the newest checkpoint; 0 where there is none."""
    saved = checkpoint.newest(RunFolder(folder).checkpoints)
    return checkpoint.step_of(saved[0]) if saved else 0


def leftovers(folder):
    return list(Path(folder).rglob("*.partial"))
