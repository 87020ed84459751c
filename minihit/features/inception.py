"""The network that FID, KID and the inception score are named after, from the file that everybody takes, by way of
torch-fidelity.

torch-fidelity reads the file with torch.load and all that pickles may do. So the file is read once, nothing but bytes
with the SHA-256 of the published file goes on, and it is these bytes that torch-fidelity loads.

Shapes: images uint8 (N, S, S, 3); features float32 (N, 2048); logits float32 (N, 1008).
"""

import functools
import hashlib
import io
import os

import numpy as np

from minihit.errors import UserError
from minihit.features.extractor import Extractor

FILE = "weights-inception-2015-12-05-6726825d.pth"
PAGE = "https://github.com/toshas/torch-fidelity/releases/tag/v0.2.0"
SIZE = 95_628_359                                                         # bytes
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"  # its beginning is in the file's name
WIDTH = 2048
LAYERS = ["2048", "logits_unbiased"]                                      # as torch-fidelity calls them
BATCH = 32                                                                # pictures, 299 x 299 each
FACTS = (("weights", f"Inception of 2015-12-05, TensorFlow's, from {FILE}"),
         ("resize", "to 299 x 299, bilinear as in TensorFlow 1: the grid from the corner, not antialiased"),
         ("features", f"{WIDTH:,}, the last pooling"),
         ("trace", "of the covariances' root by two symmetric eigenvalue problems, float64"),
         ("logits", "1,008, without their bias"))


def extractor(weights, device="cpu"):
    """The Extractor "inception-2048"; a GPU computes it where PyTorch finds one.

    weights: the path of the file. Raises UserError where there is none, or another, or torch-fidelity is missing.
    """
    content = checked(weights)
    network, runs_on = _network(content, device)
    facts = (*FACTS, ("computed", f"in float32 by PyTorch on {'a GPU' if runs_on == 'cuda' else 'the CPU'}"))
    sort = functools.partial(_sort, network, runs_on)
    return Extractor(f"inception-{WIDTH}", WIDTH, facts, lambda images: sort(images)[0], sort)


def checked(path):
    """The content of the standard file; UserError for any other."""
    cure = f"download that file from {PAGE}"
    if path is None:
        raise UserError(f"Inception's features need its weights, {FILE}: {cure} and name it with --weights FILE")
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(SIZE) if size == SIZE else b""            # another may be of any size
    except OSError as error:
        raise UserError(f"cannot read {path}, which is to be {FILE}: {error.strerror}; {cure}") from error
    if size != SIZE:
        raise UserError(f"{path} is not {FILE}: it has {size:,} bytes and not {SIZE:,}; {cure}")
    if (found := hashlib.sha256(content).hexdigest()) != SHA256:
        raise UserError(f"{path} is not {FILE}: its SHA-256 begins with {found[:8]} and not with {SHA256[:8]}; {cure}")
    return content


def _network(content, device):
    """(torch-fidelity's network, where PyTorch computes it)."""
    try:
        import torch
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as error:
        raise UserError('Inception runs by way of torch-fidelity: pip install "minihit[fid]" brings it') from error
    runs_on = "cuda" if device == "gpu" and torch.cuda.is_available() else "cpu"
    network = FeatureExtractorInceptionV3("inception", LAYERS, feature_extractor_weights_path=io.BytesIO(content))
    return network.to(runs_on), runs_on


def _sort(network, runs_on, images):
    """(features, logits) of pictures, a few at a time."""
    import torch

    found = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(images[start:start + BATCH].transpose(0, 3, 1, 2)))
            found.append([x.cpu().numpy() for x in network(batch.to(runs_on))])
    features, logits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return features, logits
