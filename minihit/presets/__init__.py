"""Named networks with their recipes, by what they are trained for; `minihit info NAME` shows one."""

from minihit.presets import autoencoder, gan
from minihit.presets.autoencoder import VaePreset, VqvaePreset
from minihit.presets.gan import GanPreset

Preset = GanPreset | VaePreset | VqvaePreset
PRESETS = {**gan.PRESETS, **autoencoder.PRESETS}
