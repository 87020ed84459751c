"""What a format cannot hold, or memory, is said before it is drawn."""

import numpy as np
import pytest

from minihit.errors import UserError
from minihit.show import room
from minihit.show.images import grid, grid_size, write_animation


@pytest.fixture
def memory(monkeypatch):
    """Call it with the bytes that this machine has."""
    return lambda size: monkeypatch.setattr(room, "memory_size", lambda device: size)


@pytest.mark.parametrize("name, side", [("a.gif", 65_535), ("a.mp4", 16_384), ("A.GIF", 65_535), ("a.png", 2**31 - 1)])
def test_a_side_is_as_long_as_the_format_allows(memory, name, side):
    memory(2**60)
    room.require_room(name, 2, side, "choose less")
    for size in ((2, side + 1), (side + 1, 2)):
        with pytest.raises(UserError, match=rf"has {side:,} a side at most: choose less$"):
            room.require_room(name, *size, "choose less")


@pytest.mark.parametrize("name, side", [("a.gif", 65_535), ("a.mp4", 16_384)])
def test_such_a_side_is_really_written(tmp_path, name, side):
    if name == "a.mp4":
        pytest.importorskip("av")
    write_animation(tmp_path / name, [np.zeros((2, side, 3), np.uint8)] * 2)
    assert (tmp_path / name).stat().st_size > 0


def test_all_frames_together_fit_into_memory(memory):
    memory(100 * 50 * 3 * room.COPIES * 7)
    room.require_room("a.gif", 100, 50, "choose fewer", frames=7)
    with pytest.raises(UserError, match=r"a\.gif: 8 frames of 50 x 100 pixels take .* GB: choose fewer"):
        room.require_room("a.gif", 100, 50, "choose fewer", frames=8)
    with pytest.raises(UserError, match=r"a\.png: 50 x 800 pixels take about"):
        room.require_room("a.png", 800, 50, "choose fewer")


def test_a_system_that_does_not_tell_its_memory_has_a_bound_too(memory):
    memory(None)
    room.require_room("a.png", 1000, 1000, "")
    with pytest.raises(UserError, match="this machine has 17 GB"):
        room.require_room("a.gif", 16, 16, "", frames=10**9)


@pytest.mark.parametrize("count, columns", [(1, None), (7, None), (7, 3), (7, 10), (12, None)])
def test_the_size_of_a_grid_is_known_before_it_is_laid(count, columns):
    sheet = grid(np.zeros((count, 5, 5, 3), np.uint8), columns)
    assert sheet.shape[:2] == grid_size(count, 5, columns)
