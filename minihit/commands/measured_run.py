"""What minihit measure compares of a run: its samples with pictures, and its reconstructions of them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from minihit import autoencoding, objectives, sampling
from minihit.commands.sample import warn
from minihit.comparing.comparison import Comparison
from minihit.comparing.measures import Value
from minihit.comparing.names import PICTURES
from minihit.comparing.pictures import Pictures
from minihit.comparing.report import Row, Sets
from minihit.data.open import open_data
from minihit.data.store.manifest import is_store
from minihit.errors import UserError
from minihit.show.images import to_float, to_uint8
from minihit.training import measure, measure_latents
from minihit.training.run import weights
from minihit.training.run.config import RunConfig, read_config
from minihit.training.run.folder import called


def is_run(path):
    return called(path).config.is_file() and not is_store(path)


@dataclass(frozen=True)
class Run:
    """A run that is measured. raw: the weights as the optimiser left them; seed: of what is drawn."""

    path: Path
    config: RunConfig
    device: str
    raw: bool
    seed: int

    def data(self):
        """Its data set. Raises UserError where that is gone."""
        try:
            return open_data(self.config.data, self.config.preset.size, self.config.seed, self.config.flip)
        except UserError as error:
            raise UserError(f"{error}; or name other pictures behind the run") from error

    @cached_property
    def sampled(self):
        """({"params", "averages"}, configuration, step) of the network that draws samples, read once."""
        _, network, step = weights.load_generator(called(self.path), self.device, self.raw, warn)
        return network, sampling.sampled(self.config.preset)[1], step

    def samples(self, count):
        """(Pictures of so many samples, the generator behind them): those that training measures it with."""
        network, config, step = self.sampled
        images, rng = measure.drawn(network, config, self.device, self.seed, count)
        return Pictures(to_uint8(images), f"samples of {self.path} at step {step:,}"), rng

    def rebuilt(self, images):
        """Pictures of the reconstructions of images, uint8."""
        _, networks, step = weights.load_autoencoder(called(self.path), self.device, self.raw, warn)
        rebuilt, _ = autoencoding.reconstruct(networks, to_float(images), self.config.preset, self.device)
        return Pictures(to_uint8(rebuilt), f"reconstructions by {self.path} at step {step:,}")

    def neighbour(self, data):
        """The Row that says how near samples come to the training images of a data set; None for images without end."""
        network, config, step = self.sampled
        found = measure.neighbours(network, config, self.device, self.seed, data)
        if not found:
            return None
        medians, name = measure.nearness(found), PICTURES["neighbour"]

        def sets(key, what):
            return Sets(len(found[key].images), what, len(data.training), f"training pictures of {self.config.data}")

        real = "neighbour_real" in found
        return Row(name.log, name.title, Value(medians["neighbour"]), name.looked_at,
                   sets("neighbour", f"samples of {self.path} at step {step:,}"),
                   Value(medians["neighbour_real"]) if real else "there are too few pictures to hold any out",
                   sets("neighbour_real", "held-out pictures") if real else None)


def open_run(path, seed=None, raw=False, device="cpu"):
    """The Run in a folder; seed: another one than its own. Raises UserError where there is none."""
    config = read_config(called(path))
    return Run(path, config, device, raw, config.seed if seed is None else seed)


def comparisons(run, reference, data=None):
    """Yield the Comparisons of a Run with Pictures: of its samples, and of its reconstructions in pairs, which are
    compared as sets too where a VQ-VAE has no samples. data: its data set, where the pictures are of that."""
    preset = run.config.preset
    has_samples = objectives.of(preset).SAMPLED is not None
    if has_samples:
        pictures, rng = run.samples(len(reference))
        yield Comparison(pictures, reference, run.seed, (rng, measure.generator(run.seed)),
                         neighbour=data and run.neighbour(data))
    if "encoder" in preset.networks:
        yield Comparison(run.rebuilt(reference.images), reference, run.seed,
                         (measure_latents.generator(run.seed), measure.generator(run.seed)), not has_samples, True,
                         "_rebuilt")
