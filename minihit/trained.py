"""The networks of a run as training left them."""

from minihit import models
from minihit.backend import to_device
from minihit.training.run import checkpoint
from minihit.training.run.config import read_config


def load(folder, names, device="cpu", raw=False, report=print):
    """(RunConfig, {name: {"params", "averages"}} on the device, step) of a run's newest whole checkpoint.

    folder: RunFolder; names: of networks, a function of the Preset. Their moving averages (EMA), or with raw the
    weights that Adam left. Raises UserError where the folder holds no run or no whole checkpoint; a broken one is
    reported and passed over.
    """
    config, which = read_config(folder), "networks" if raw else "ema"
    like = {which: {name: models.first_values(None, config.preset.networks[name]) for name in names(config.preset)}}
    arrays, facts = checkpoint.load_newest(folder.checkpoints, like, report)
    return config, to_device(arrays[which], device), facts["step"]
