"""What a run shows as it goes: the log, sample grids, and the measurements that say whether it gets better."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tqdm import tqdm

from minihit import objectives
from minihit.memory import device_memory, peak_memory
from minihit.show.attempt import attempt
from minihit.training import measure, measures, pictures
from minihit.training.run import log
from minihit.training.run.config import RunConfig
from minihit.training.run.folder import RunFolder

WAITING = 0.02                                                            # share of a step that is worth a hint


@dataclass
class Watch:
    """images: those of the data set on the device, or None; hinted: whether its user knows that steps wait for data;
    looks: {kind: Look} of the features that are measured by, real: what is known of real images by them, found: of the
    networks at the step that is measured."""

    config: RunConfig
    folder: RunFolder
    device: str
    data: Any
    images: Any = None
    hinted: bool = False
    looks: dict = field(default_factory=dict)
    real: dict = field(default_factory=dict)
    found: dict = field(default_factory=dict)

    @cached_property
    def held_out(self):
        return self.data.held_out(self.config.measure_images)

    @cached_property
    def real_distance(self):
        return measure.real_distance(self.data, self.config.seed, self.held_out)

    def look(self, training, number, last=False):
        """Sample grids and measurements after a step, where they are due."""
        if last or number % self.config.sample_every == 0:
            what = self.config.preset, self.device, self.config.seed, self.held_out
            attempt(pictures.write_samples, self.folder, training.trees, *what, number)
        if last or number % self.config.measure_every == 0:
            self.measure(training.trees["ema"], number)

    def measure(self, trees, number):
        """All that the measures say of the networks after a step."""
        record, phrases = {"step": number}, []
        self.found.clear()
        for kind in measures.of(self.config):
            found = kind.find(self, trees)
            numbers = kind.numbers(found)
            record |= numbers
            phrases += [kind.words(numbers)]
            if kind.write and found:
                attempt(kind.write, self.folder, found, number)
        log.append(self.folder.log, record)
        tqdm.write(f"step {number}: {'; '.join(filter(None, phrases))}")

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
