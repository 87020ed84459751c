"""The measures of a run, a line each: the log, the curves and the terminal know none of them by name."""

from collections.abc import Callable
from typing import NamedTuple

from minihit import sampling
from minihit.comparing.report import number
from minihit.training import measure, measure_features, measure_latents, pictures


class Measure(NamedTuple):
    """panels: (title, names in the log, scale) of its curves. find(run, trees): what there is to tell of the networks
    {name: {"params", "averages"}} in a watch.Watch; numbers(found): that as a dict for the log; words(numbers): a
    phrase for the terminal, or ""; write(folder, found, step): its pictures, where it has any."""

    panels: tuple
    find: Callable
    numbers: Callable
    words: Callable
    write: Callable | None = None


def of(config):
    """The Measures of what a RunConfig trains for, and those on features that it names."""
    return *MEASURES[config.preset.kind], *(on_features(name, config.preset) for name in dict.fromkeys(config.measure))


def on_features(name, preset):
    """The Measure of a name that --measure takes."""
    log, log_real, title, scale = measure_features.names(name, preset)

    def words(found):
        return f"{title} {number(found[log])}, of real images {number(found[log_real])}"

    return Measure(((title, (log, log_real), scale),), lambda run, trees: measure_features.find(run, trees, name), dict,
                   words)


def _distance(run, trees):
    (name, config), seed = sampling.sampled(run.config.preset), run.config.seed
    return {**measure.distance(trees[name], config, run.device, seed, run.held_out), **run.real_distance}


def _distance_in_words(found):
    return f"sliced Wasserstein distance {found['swd']:.1f}, of real images {found['swd_real']:.1f}"


def _neighbours(run, trees):
    name, config = sampling.sampled(run.config.preset)
    return measure.neighbours(trees[name], config, run.device, run.config.seed, run.data, run.images)


def _neighbours_in_words(found):
    if "neighbour_ratio" in found:
        return f"{found['neighbour_ratio']:.2f} times as far from the nearest training image as held-out images are"
    if found.get("neighbour_real") == 0:
        return "most held-out images are training images too, so that nothing tells learning from copying"
    return ""


def _draw_neighbours(folder, found, step):
    pictures.write_neighbours(folder, found, step)


def _reconstructions(run, trees):
    config = run.config
    found = measure_latents.of_reconstructions(trees, config.preset, run.device, config.seed, run.held_out)
    return {**found, "swd_real": run.real_distance["swd_real"]}


def _reconstructions_in_words(found):
    return (f"PSNR {found['psnr']:.1f} dB, SSIM {found['ssim']:.3f}, sliced Wasserstein distance of reconstructions "
            f"{found['swd_rebuilt']:.1f}, of other real images {found['swd_real']:.1f}")


def codes_in_words(found):
    return f"{found['codes_used']:.0%} of the codes used, perplexity {found['perplexity']:.0f}"


def kl_in_words(found):
    return f"KL {found['kl_held_out']:.1f} nats in {found['dimensions_used']} of {len(found['kl_dimensions'])} numbers"


def _codes(run, trees):
    return measure_latents.of_codes(trees, run.config.preset, run.device, run.held_out)


def _kl(run, trees):
    return measure_latents.of_dimensions(trees, run.config.preset, run.device, run.held_out)


DISTANCE = Measure((("sliced Wasserstein distance (x 1000)", ("swd", "swd_real"), "log"),), _distance, dict,
                   _distance_in_words)
NEIGHBOURS = Measure((("distance from the nearest training image", ("neighbour", "neighbour_real"), "linear"),),
                     _neighbours, measure.nearness, _neighbours_in_words, _draw_neighbours)
RECONSTRUCTIONS = Measure((("PSNR of held-out images (dB)", ("psnr",), "linear"),
                           ("SSIM of held-out images", ("ssim",), "linear"),
                           ("sliced Wasserstein distance (x 1000)", ("swd_rebuilt", "swd_real"), "log")),
                          _reconstructions, dict, _reconstructions_in_words)
CODES = Measure((("share of codes used on held-out images", ("codes_used",), "linear"),
                 ("perplexity of codes", ("perplexity",), "log")), _codes, dict, codes_in_words)
KL = Measure((("KL of held-out images (nats)", ("kl_held_out",), "linear"),
              ("numbers that carry more than 0.01 nats", ("dimensions_used",), "linear")), _kl, dict, kl_in_words)
MEASURES = {"gan": (DISTANCE, NEIGHBOURS), "vae": (RECONSTRUCTIONS, KL, DISTANCE), "vqvae": (RECONSTRUCTIONS, CODES)}
