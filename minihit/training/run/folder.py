"""The folder of a run: where everything that it writes lies."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunFolder:
    """Where everything of a run lies."""

    path: Path

    @property
    def config(self):
        return self.path / "config.json"

    @property
    def log(self):
        return self.path / "log.jsonl"

    @property
    def checkpoints(self):
        return self.path / "checkpoints"

    @property
    def samples(self):
        return self.path / "samples"

    @property
    def curves(self):
        return self.path / "curves.png"

    @property
    def lock(self):
        return self.path / ".lock"
