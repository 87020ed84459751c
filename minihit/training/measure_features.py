"""Measures on features as a run goes: of its samples, or of the reconstructions of an autoencoder that draws none,
beside the same of other real images.

Each kind of features is found once a step, however many measures look at them, and of real images once for all steps.

Shapes: features (N, D) float32 on the host, with logits behind them where a network has any.
"""

import os

from tqdm import tqdm

from minihit import autoencoding, objectives, sampling
from minihit.backend import device_module
from minihit.comparing import kept, measures
from minihit.comparing.looks import open_look
from minihit.comparing.names import IN_TRAINING, on_features
from minihit.data.dataset import ImageSet
from minihit.show.images import to_float, to_uint8
from minihit.training import measure

SCALES = {"frechet": "log"}                                               # of curves; all others are linear


def open_looks(config, device):
    """{kind: Look} of all features that a RunConfig measures by. Raises UserError where they cannot be had."""
    weights = config.weights and os.path.expanduser(config.weights)
    return {kind: open_look(kind, weights, device) for kind in {IN_TRAINING[name][0] for name in config.measure}}


def names(name, preset):
    """(log, log of real images, title, scale) of what --measure calls so."""
    kind, key = IN_TRAINING[name]
    log, title, _ = on_features(key, kind, None)
    ending = "" if objectives.of(preset).SAMPLED else "_rebuilt"
    return log + ending, f"{log}_real", title, SCALES.get(key, "linear")


def find(run, trees, name):
    """{log: value, log of real images: value} of the networks in a watch.Watch, with deviations where there are any."""
    kind, key = IN_TRAINING[name]
    log, log_real, *_ = names(name, run.config.preset)
    if kind not in run.real:
        held_out, others = _real(run, run.looks[kind].extractor)
        run.real[kind] = held_out, _measured(run, kind, others, held_out)
    held_out, real = run.real[kind]
    if kind not in run.found:
        made = kept.of_images(_made(run, trees), run.looks[kind].extractor)
        run.found[kind] = _measured(run, kind, made, held_out)
    return {**_numbers(log, run.found[kind][key]), **_numbers(log_real, real[key])}


def _real(run, extractor):
    """Features of the held-out images, and of as many that training takes first."""
    count, data = run.config.measure_images, run.data
    if not isinstance(data, ImageSet):
        return kept.of_images(run.held_out, extractor), kept.of_images(data.take(0, count), extractor)
    plans = {"held-out": data.plan_held_out(count), "taken": data.plan(0, count)}
    return [kept.of_plan(data, plan, part, extractor, tqdm.write) for part, plan in plans.items()]


def _made(run, trees):
    """What a run's networks make, uint8: as many samples as there are held-out images, or these rebuilt."""
    preset, images = run.config.preset, run.held_out
    if objectives.of(preset).SAMPLED:
        name, config = sampling.sampled(preset)
        made, _ = measure.drawn(trees[name], config, run.device, run.config.seed, len(images))
    else:
        made, _ = autoencoding.reconstruct(trees, to_float(images), preset, run.device)
    return to_uint8(made)


def _measured(run, kind, found, reference):
    """{measure: Value} of all that is asked for on such features."""
    wanted = [key for of, key in map(IN_TRAINING.get, run.config.measure) if of == kind]
    xp, width, rng = device_module(run.device), run.looks[kind].width, measures.generator(run.config.seed)
    sides = [xp.asarray(side) for side in (found, reference)]
    values = measures.of_features(*(side[:, :width] for side in sides), rng, wanted)
    if "inception_score" in wanted:
        values |= measures.of_logits(*(side[:, width:] for side in sides), rng)
    return values


def _numbers(log, value):
    return {log: value.mean} | ({} if value.deviation is None else {f"{log}_deviation": value.deviation})
