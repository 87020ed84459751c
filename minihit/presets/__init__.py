"""Named networks with their recipes, by what they are trained for; `minihit info NAME` shows one."""

from minihit.presets import autoencoder, gan, stylegan2
from minihit.presets.autoencoder import VaePreset, VqvaePreset
from minihit.presets.gan import GanPreset

Preset = GanPreset | VaePreset | VqvaePreset
PRESETS = {**gan.PRESETS, **stylegan2.PRESETS, **autoencoder.PRESETS}


def chosen(name, decoder=None, generator=None):
    """The Preset of that name; decoder: of an autoencoder, another one (autoencoder.DECODERS); generator: of a GAN,
    another one (stylegan2.GENERATORS). Raises UserError where it has no such counterpart."""
    preset = autoencoder.counterpart(name, decoder) if decoder else PRESETS.get(name)
    return stylegan2.counterpart(name, generator) if generator else preset


def counterparts(name):
    """{network: {what it can be: Preset}} of the network of a preset that can be another, {} where none can."""
    if name in autoencoder.PRESETS:
        return {"decoder": {other: autoencoder.counterpart(name, other) for other in autoencoder.DECODERS}}
    found = {other: presets[name] for other, presets in stylegan2.COUNTERPARTS.items() if name in presets}
    return {"generator": {"hit": PRESETS[name], **found}} if found else {}
