"""What a run shows as it goes: the log, sample grids, and the measurements that say whether it gets better."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tqdm import tqdm

from minihit import objectives
from minihit.backend import device_memory, peak_memory
from minihit.show.attempt import attempt
from minihit.training import measure, pictures
from minihit.training.run import log
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

WAITING = 0.02                                                            # share of a step that is worth a hint


@dataclass
class Watch:
    """images: those of the data set on the device, or None; hinted: whether its user knows that steps wait for data."""

    config: RunConfig
    folder: RunFolder
    device: str
    data: Any
    images: Any = None
    hinted: bool = False

    @cached_property
    def held_out(self):
        return self.data.held_out(self.config.measure_images)

    @cached_property
    def real_distance(self):
        return measure.real_distance(self.data, self.config.seed, self.held_out)

    def look(self, training, number, last=False):
        """Sample grids and measurements after a step, where they are due."""
        if last or number % self.config.sample_every == 0:
            networks = self.config.preset.generator
            trees, seed = training.trees, self.config.seed
            attempt(pictures.write_samples, self.folder, trees, networks, self.device, seed, number)
        if last or number % self.config.measure_every == 0:
            self.measure(training.trees["ema"]["generator"], number)

    def measure(self, tree, number):
        """The distance of samples from held-out images beside that of real images, and from training images."""
        networks, seed = self.config.preset.generator, self.config.seed
        distance = measure.distance(tree, networks, self.device, seed, self.held_out)
        found = measure.neighbours(tree, networks, self.device, seed, self.data, self.images)
        record = {"step": number, **distance, **self.real_distance, **measure.nearness(found)}
        log.append(self.folder.log, record)
        if found:
            attempt(pictures.write_neighbours, self.folder, found, number)
        tqdm.write(_measured(record))

    def log(self, window, number):
        """One line of the log: means over the steps since the last one."""
        record = {"step": number, **window.means()}
        for name, terms in objectives.of(self.config.preset).SUMS.items():
            record[name] = sum(record.get(term, 0.0) for term in terms)
        record["data_share"] = record["data_seconds"] / record["seconds_per_step"]
        record["images_per_second"] = self.config.preset.recipe.batch / record["seconds_per_step"]
        record["peak_memory"] = peak_memory()
        if self.device == "gpu":
            record["device_memory"] = device_memory(self.device)
        log.append(self.folder.log, record)
        if record["data_share"] > WAITING and not self.hinted:
            self.hinted = True
            tqdm.write(f"steps wait for data {record['data_share']:.0%} of the time: images that minihit data prepare "
                       f"has made ready, a faster disk, or --data-on-device yes on a GPU would spare that")


def _measured(record):
    text = (f"step {record['step']}: sliced Wasserstein distance {record['swd']:.1f}, "
            f"of real images {record['swd_real']:.1f}")
    if "neighbour_ratio" in record:
        text += f"; {record['neighbour_ratio']:.2f} times as far from the nearest training image as held-out images are"
    elif record.get("neighbour_real") == 0:
        text += "; most held-out images are training images too, so that nothing tells learning from copying"
    return text
