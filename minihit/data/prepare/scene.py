"""A source as those look at it who recognise a layout: names, places and sizes, each found once."""

import contextlib
import os
import warnings
from functools import cached_property

from minihit.data.prepare.decode import inspect

LOOKED_AT = 100  # pictures, for the size of all


class Scene:
    """pictures: those of the source that count; said: sentences for the user, whatever is recognised in the end."""

    def __init__(self, source, pictures):
        self.source, self.pictures, self.said = source, pictures, []
        self.is_table = hasattr(source, "columns")
        self.name = source.path.absolute().name  # which may be that of a data set

    @cached_property
    def folders(self):
        """The path of the folder that each picture lies in, below the source."""
        return [entry.name.rpartition("/")[0] for entry in self.pictures]

    @cached_property
    def stems(self):
        """The name of each picture, without its suffix."""
        return [os.path.splitext(entry.name.rpartition("/")[2])[0] for entry in self.pictures]

    @cached_property
    def sizes(self):
        """(width, height) of the pictures that are looked at, all over the source, as far as the first that differs."""
        pictures, found = self.pictures, set()
        if not self.is_table:  # of which a whole group of rows is unpacked for one of its pictures
            pictures = pictures[:: max(1, len(pictures) // LOOKED_AT)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about sizes that inspect() refuses
            for entry in pictures[:LOOKED_AT]:
                with contextlib.suppress(Exception), self.source.open(entry) as file:  # the scan will say what is wrong
                    found.add(inspect(file))
                if len(found) > 1:
                    break
        return found

    def belong(self, pattern):
        """Whether the source, or else the folder of each picture, has a name that the pattern finds."""
        if pattern.search(self.name.lower()):
            return [True] * len(self.folders)
        found = {folder: bool(pattern.search(folder.lower())) for folder in set(self.folders)}
        return [found[folder] for folder in self.folders]
