"""The networks of a run as training left them.

folder: RunFolder; device: "cpu" or "gpu". Taken are the moving averages (EMA), or with raw the weights that Adam left.
What ships with the package becomes float32. A broken checkpoint is reported and passed over. Raises UserError where the
folder holds no run or no whole checkpoint.
"""

import numpy as np

from minihit import models, objectives, sampling, tree
from minihit.backend import to_device
from minihit.errors import UserError
from minihit.training.run import checkpoint
from minihit.training.run.config import read_config


def load_generator(folder, device="cpu", raw=False, report=print):
    """(RunConfig, {"params", "averages"} of the network that makes pictures of normal latents, step).

    Raises UserError where none does, too.
    """
    config, networks, step = _load(folder, lambda preset: [sampling.sampled(preset)[0]], device, raw, report)
    (network,) = networks.values()
    return config, network, step


def load_autoencoder(folder, device="cpu", raw=False, report=print):
    """(RunConfig, {name: {"params", "averages"}} of encoder, decoder and, of a VQ-VAE, quantizer, step).

    Raises UserError where the run trains no encoder, too.
    """
    def names(preset):
        if "encoder" not in preset.networks:
            raise UserError(f"the run in {folder.name} has a generator and no encoder, so pictures have no latents "
                            f"there: give a run of minihit train --preset vae-32 or vqvae-32")
        return [name for name in objectives.of(preset).AVERAGED if name in preset.networks]

    return _load(folder, names, device, raw, report)


def _load(folder, names, device, raw, report):
    """names: of networks, a function of the Preset."""
    config, which = read_config(folder), "networks" if raw else "ema"
    like = {which: {name: models.first_values(None, config.preset.networks[name]) for name in names(config.preset)}}
    if not folder.shipped:
        arrays, facts = checkpoint.load_newest(folder.checkpoints, like, report)
    elif raw:
        raise UserError(f"{folder.name} holds the moving average of its weights alone: leave --raw out")
    else:
        arrays, facts = checkpoint.load_newest(folder.checkpoints, _cast(like, np.float16), report)
        arrays = _cast(arrays, np.float32)
    return config, to_device(arrays[which], device), facts["step"]


def _cast(arrays, dtype):
    return tree.map(lambda leaf: leaf.astype(dtype), arrays)
