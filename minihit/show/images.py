"""Pictures going in and out: number ranges, grids, PNG and animations.

Inside the program an image batch is float32 (N, H, W, 3) in [-1, 1]; stored and shown it is uint8 (N, H, W, 3).
"""

import io
import math
from pathlib import Path

import numpy as np

from minihit.atomic import write_bytes
from minihit.data.prepare.decode import decode, reason
from minihit.data.prepare.kinds import MARK
from minihit.errors import UserError

WHITE = 255
SOFTWARE = dict([MARK.decode().split("\0")])  # the text in a PNG that tells our own pictures from training pictures
GIF_COLOURS = 256
PALETTE_PIXELS = 2**16  # that a palette is found from; more take seconds and change nothing that is seen


def to_uint8(images):
    """float32 in [-1, 1], any shape -> uint8, rounded to nearest. What lies outside is clipped; NaN becomes black."""
    unit = (np.nan_to_num(images, nan=-1.0).clip(-1.0, 1.0) + 1.0) * 127.5
    return unit.round().astype(np.uint8)


def to_float(images):
    """uint8, any shape -> float32 in [-1, 1]; `to_uint8` takes it back without loss."""
    if images.dtype != np.uint8:
        raise ValueError(f"to_float takes uint8 images, not {images.dtype}")
    return images.astype(np.float32) / 127.5 - 1.0


def upscale(image, factor):
    """Every pixel becomes factor x factor pixels, so that 32-pixel faces can be looked at: (..., H, W, 3)."""
    return image.repeat(factor, axis=-3).repeat(factor, axis=-2)


def shrink(image, factor):
    """Every factor x factor pixels become their mean, uint8 (H, W, 3); what is left over right and below is cut."""
    height, width = (length // factor for length in image.shape[:2])
    cells = image[:height * factor, :width * factor].reshape(height, factor, width, factor, 3)
    return cells.mean(axis=(1, 3), dtype=np.float32).round().astype(np.uint8)


def grid(images, columns=None, gap=2):
    """Lay N images out row by row on white.

    images: uint8 (N, H, W, 3); columns: images in a row, by default about as many as rows; gap: pixels between two
    images and around all of them. Returns uint8 (rows * (H + gap) + gap, columns * (W + gap) + gap, 3); the places
    that N images leave free in the last row stay white.
    """
    count, height, width, _ = images.shape
    rows, columns = grid_shape(count, columns)
    cells = np.full((rows * columns, height + gap, width + gap, 3), WHITE, np.uint8)
    cells[:count, gap:, gap:] = images
    cells = cells.reshape(rows, columns, height + gap, width + gap, 3).swapaxes(1, 2)
    sheet = cells.reshape(rows * (height + gap), columns * (width + gap), 3)
    return np.pad(sheet, ((0, gap), (0, gap), (0, 0)), constant_values=WHITE)


def grid_shape(count, columns=None):
    """(rows, columns) of the grid of so many images."""
    columns = columns or even_columns(count)
    return math.ceil(count / columns), columns


def grid_size(count, side, columns=None, gap=2):
    """(height, width) in pixels of the grid of so many images of that side."""
    return tuple(number * (side + gap) + gap for number in grid_shape(count, columns))


def even_columns(count):
    """The columns of a nearly square grid, without holes in its last row where twice as wide as high will do."""
    square = math.ceil(math.sqrt(count))
    return next((columns for columns in range(square, math.isqrt(2 * count) + 1) if count % columns == 0), square)


def write_png(path, image):
    """Write one picture, uint8 (H, W, 3), as a PNG. Raises UserError for another suffix or a file that cannot be."""
    check_suffix(path, ".png")
    _check_picture(image)
    from PIL import Image, PngImagePlugin

    encoded, texts = io.BytesIO(), PngImagePlugin.PngInfo()
    for name, text in SOFTWARE.items():
        texts.add_text(name, text)
    Image.fromarray(image).save(encoded, "PNG", pnginfo=texts)
    write_bytes(path, encoded.getvalue())


def read_image(path):
    """The picture in a file of any ordinary kind: uint8 (H, W, 3). Raises UserError where it cannot be read."""
    try:
        return np.array(decode(path))
    except Exception as error:  # a damaged file makes decoders raise nearly anything
        raise UserError(f"cannot read the image {path}: {reason(error)}; give a PNG or JPEG file") from error


def write_animation(path, frames, fps=20):
    """Write frames as an endlessly looping .gif or as an .mp4 (H.264).

    path: its suffix chooses the format. frames: an iterable of uint8 (H, W, 3), all of one size.
    fps: frames per second; a GIF counts in hundredths of a second, so there it becomes 100 / n, 50 at most.
    Raises UserError for another suffix, for .mp4 without the extra "video", or for a file that cannot be written.
    """
    suffix = check_suffix(path, ".gif", ".mp4")
    frames = list(frames)
    if not frames or len({frame.shape for frame in frames}) > 1:
        raise ValueError(f"an animation takes frames of one size, not {sorted({frame.shape for frame in frames})}")
    for frame in frames:
        _check_picture(frame)
    write_bytes(path, _encode_gif(frames, fps) if suffix == ".gif" else _encode_mp4(frames, fps))


def _encode_gif(frames, fps):
    """One palette for all frames, and no dithering: a palette of its own for each frame flickers, dithering shimmers.

    Measured on 60 frames of 16 cross-fading photographs: 35.5 dB, 7.2 MB and 0.2 s; with a palette a frame, Pillow's
    default, 35.4 dB, 7.7 MB and 6.5 s; dithered 32.4 dB and 10.7 MB.
    """
    from PIL import Image

    palette = _shared_palette(frames)
    first, *others = [Image.fromarray(f).quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    encoded = io.BytesIO()
    hundredths = max(2, round(100 / fps))  # browsers slow down what claims to be faster
    first.save(encoded, "GIF", save_all=True, append_images=others, duration=10 * hundredths, loop=0, optimize=False,
               comment=MARK)
    return encoded.getvalue()


def _shared_palette(frames):
    """The palette of a sample of all frames' pixels, as the Pillow image that quantize() takes it from."""
    from PIL import Image

    rng = np.random.default_rng(0)
    share = math.ceil(PALETTE_PIXELS / len(frames))
    sample = [frame.reshape(-1, 3)[rng.integers(frame.size // 3, size=share)] for frame in frames]
    return Image.fromarray(np.stack(sample)).quantize(GIF_COLOURS, Image.Quantize.MEDIANCUT, kmeans=3)


def _encode_mp4(frames, fps):
    """H.264 stores colour at half the resolution (yuv420p, what every player knows), which takes even sides."""
    if not has_video():
        raise UserError('writing .mp4 needs PyAV: pip install "minihit[video]", or write a .gif')
    import imageio.v3 as iio

    height, width, _ = frames[0].shape
    even = [np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") for frame in frames]
    options = {"plugin": "pyav", "codec": "libx264", "out_pixel_format": "yuv420p"}
    return iio.imwrite("<bytes>", even, extension=".mp4", fps=fps, **options)


def has_video():
    """Whether the extra "video" is installed, which .mp4 needs."""
    try:
        import av  # noqa: F401
    except ImportError:
        return False
    return True


def check_suffix(path, *known):
    """The suffix of a file's name, in lower case. Raises UserError for one that is not known."""
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        raise UserError(f"cannot write {path}: give it a name that ends in {' or '.join(known)}")
    return suffix


def _check_picture(image):
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise ValueError(f"a picture is uint8 (H, W, 3), not {image.dtype} {image.shape}")
