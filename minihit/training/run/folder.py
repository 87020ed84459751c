"""The folder of a run: where everything that it writes lies. One run ships with the package."""

from dataclasses import dataclass
from pathlib import Path

import minihit

NAME = "built-in"


@dataclass(frozen=True)
class RunFolder:
    """Where everything of a run lies. shipped: it is the package's own, which holds no more than the moving average of
    its generator, in float16, and is not written to."""

    path: Path
    shipped: bool = False

    @property
    def name(self):
        """What its user calls it."""
        return NAME if self.shipped else str(self.path)

    @property
    def out(self):
        """The folder for what is made of it, where nobody names another."""
        return Path() if self.shipped else self.path

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


BUILT_IN = RunFolder(Path(minihit.__file__).parent / "built_in", shipped=True)


def called(path):
    """The RunFolder of a path; built-in is the package's own, where no run of that name is in the working folder."""
    folder = RunFolder(Path(path))
    return BUILT_IN if folder.path == Path(NAME) and not folder.config.is_file() else folder
