"""How large may a picture or an animation be? Asked before anything is drawn: as its format allows and memory holds."""

from pathlib import Path

from minihit.errors import UserError
from minihit.memory import memory_size

SIDES = {".png": 2**31 - 1, ".gif": 2**16 - 1, ".mp4": 2**14}             # pixels, at most
COPIES = 4                                                                # of all pixels, while they are encoded
UNKNOWN = 2**34                                                           # bytes, where a system does not tell


def require_room(path, height, width, cure, frames=1):
    """Raise UserError where so many frames of height x width pixels cannot be written to `path`; cure: what to do."""
    suffix, size = Path(path).suffix.lower(), f"{width:,} x {height:,} pixels"
    if max(height, width) > SIDES[suffix]:
        raise UserError(f"{path} would have {size}, and a {suffix} has {SIDES[suffix]:,} a side at most: {cure}")
    memory, limit = frames * height * width * 3 * COPIES, memory_size("cpu") or UNKNOWN
    if memory > limit:
        what = f"{size} take" if frames == 1 else f"{frames:,} frames of {size} take"
        raise UserError(f"{path}: {what} about {memory / 1e9:,.0f} GB of memory and this machine has "
                        f"{limit / 1e9:,.0f} GB: {cure}")
