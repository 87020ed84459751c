"""Embedded colour profiles: what a picture's numbers mean, as sRGB, which is what everything here takes them for."""

import io
from functools import lru_cache

import numpy as np

UNUSABLE = "with a colour profile that cannot be used: their numbers are taken as they are"
MODES = {  # colour space of a profile -> the mode that it is applied to, and those that can be brought to it
    "RGB ": ("RGB", ("RGB", "RGBA", "RGBX", "P", "PA", "L", "LA", "1")),
    "GRAY": ("L", ("L", "LA", "1")),
    "CMYK": ("CMYK", ("CMYK",)),
}
STEPS = (0, 51, 102, 153, 204, 255)  # of colours that show whether a profile changes anything
CHANGES = 1  # levels; what changes less is sRGB under another name


def to_srgb(picture, profile, note):
    """A Pillow image whose colours are those of `profile`, bytes or None, with the same colours in sRGB.

    Where there is none, or none that changes anything, the picture as it is; where it cannot be used, too, and note
    is called with UNUSABLE.
    """
    if not profile:
        return picture
    try:
        mode, transform = _transform(profile)
        if picture.mode not in dict(MODES.values())[mode]:
            raise ValueError(f"a profile for {mode}, not {picture.mode}")
    except Exception:  # a damaged profile makes ImageCms raise nearly anything; it may be missing as well
        note(UNUSABLE)
        return picture
    return _applied(transform, picture, mode) if transform else picture


def _applied(transform, picture, mode):
    from PIL import ImageCms

    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    converted = ImageCms.applyTransform(picture.convert(mode), transform)
    if alpha:
        converted.putalpha(alpha)
    return converted


@lru_cache(maxsize=64)
def _transform(profile):
    """(mode, transform) of a profile; the transform is None where it changes no colour."""
    from PIL import ImageCms

    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode, _ = MODES[opened.profile.xcolor_space]
    flags = ImageCms.Flags.NOCACHE  # threads share it
    transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB", flags=flags)
    return mode, transform if mode == "CMYK" or _changes(transform, mode) else None


def _changes(transform, mode):
    from PIL import Image, ImageCms

    colours = np.stack(np.meshgrid(STEPS, STEPS, STEPS), axis=-1).reshape(1, -1, 3).astype(np.uint8)
    before = Image.fromarray(colours).convert(mode)
    after = ImageCms.applyTransform(before, transform)
    return np.abs(np.asarray(before.convert("RGB")).astype(int) - np.asarray(after)).max() > CHANGES
