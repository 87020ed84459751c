"""How measures are called, in logs and JSON and for people, and what they look at. FID and its relatives are those of
Inception alone."""

from typing import NamedTuple


class Name(NamedTuple):
    """log: in logs and JSON; title: for people; looked_at: of pictures."""

    log: str
    title: str
    looked_at: str


PICTURES = {
    "swd": Name("swd", "sliced Wasserstein distance (x 1000)", "7 x 7 patches"),
    "neighbour": Name("neighbour", "distance of the nearest neighbour", "means of 16 x 16 squares"),
    "psnr": Name("psnr", "PSNR (dB)", "pixels"),
    "ssim": Name("ssim", "SSIM", "windows of 11 x 11"),
}
FEATURES = {"frechet": "Frechet distance", "kid": "kernel distance", "precision": "precision", "recall": "recall"}
INCEPTION = {
    "frechet": ("fid", "FID"), "kid": ("kid_inception", "KID"), "precision": ("precision_inception", "precision"),
    "recall": ("recall_inception", "recall"), "inception_score": ("inception_score", "IS"),
}
IN_TRAINING = {**{measure: ("random", measure) for measure in FEATURES},
               **{log: ("inception", measure) for measure, (log, _) in INCEPTION.items()}}
"""What --measure takes: kind of the features and measure on them."""


def on_features(measure, kind, features):
    """The Name of a measure on features of a kind, "random", "inception" or "file"; features: what they are called."""
    if kind == "inception":
        return Name(*INCEPTION[measure], features)
    title = FEATURES[measure]
    return Name(f"{measure}_{kind}", f"random-feature {title}" if kind == "random" else title, features)
