"""Exercises as learners fill them in: right, and wrong by an edit of what is right."""

from pathlib import Path

from minihit.learn.syllabus import CHAPTERS

ROOT = Path(__file__).parents[2]
EXERCISES = [chapter for chapter in CHAPTERS if chapter.exercise]
HOLES, SOLUTIONS = ROOT / "tutorials/exercises", ROOT / "tests/learn/solutions"

OF_ADVERSARIES = {
    "linear", "gelu", "leaky_relu", "layer_norm", "batch_norm", "softmax", "attend", "multi_axis_attention",
    "cross_attention", "latent_tokens", "attention_block", "pixel_shuffle", "upsample", "stage", "conv2d",
    "blur_downsample", "residual_downsample", "generator_loss", "real_loss", "fake_loss", "r1", "minibatch_stddev",
    "color", "adam", "ema", "clip"}
OF_AUTOENCODERS = {"gaussian", "kl", "quantize", "commitment", "codebook"}
"""What of the library an exercise writes: ops, layers, losses, a penalty and optimisers."""


def chapter(number):
    return next(each for each in EXERCISES if each.number == number)


def solved(number):
    """The source of a solution."""
    return (SOLUTIONS / chapter(number).file).read_text(encoding="utf-8")


def edited(number, old, new):
    """The source of a solution in which something is another."""
    source = solved(number)
    assert source.count(old) >= 1, f"{old!r} is not in the solution of {number}"
    return source.replace(old, new)
