"""Inception with random weights of the right layout; what needs torch-fidelity is skipped without it."""

import hashlib
import sys
import zipfile
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from minihit import features
from minihit.errors import UserError
from minihit.features import inception
from minihit.metrics.inception_score import inception_score


def test_without_a_file_one_sentence_says_which_and_where_people_get_it():
    with pytest.raises(UserError) as refusal:
        features.open("inception")
    assert str(refusal.value) == (
        "Inception's features need its weights, weights-inception-2015-12-05-6726825d.pth: download that file from "
        "https://github.com/toshas/torch-fidelity/releases/tag/v0.2.0 and name it with --weights FILE")


def test_the_file_is_the_published_one_and_named_after_its_hash():
    assert inception.SIZE == 95_628_359
    assert len(inception.SHA256) == 64 and inception.FILE.endswith(f"-{inception.SHA256[:8]}.pth")


CURE = "; download that file from https://github.com/toshas/torch-fidelity/releases/tag/v0.2.0"


@pytest.mark.parametrize("size, message", [
    (0, "it has 0 bytes and not 1,000"), (999, "it has 999 bytes and not 1,000"), (1001, "it has 1,001 bytes and not"),
    (1000, f"its SHA-256 begins with {hashlib.sha256(bytes(1000)).hexdigest()[:8]} and not with 6726825d;"),
])
def test_a_cut_or_foreign_file_is_one_sentence_and_never_opened(tmp_path, monkeypatch, size, message):
    monkeypatch.setattr(inception, "SIZE", 1000)
    monkeypatch.setattr(inception, "_network", lambda content, device: pytest.fail("it was opened"))
    path = tmp_path / inception.FILE
    path.write_bytes(bytes(size))
    with pytest.raises(UserError) as refusal:
        features.open("inception", path)
    assert str(refusal.value).startswith(f"{path} is not {inception.FILE}: {message}")
    assert str(refusal.value).endswith(CURE)


@pytest.mark.parametrize("name, reason", [("missing.pth", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, name, reason):
    with pytest.raises(UserError) as refusal:
        features.open("inception", tmp_path / name)
    assert str(refusal.value) == f"cannot read {tmp_path / name}, which is to be {inception.FILE}: {reason}{CURE}"


def standard(monkeypatch, content):
    """Let these bytes be those of the file."""
    monkeypatch.setattr(inception, "SIZE", len(content))
    monkeypatch.setattr(inception, "SHA256", hashlib.sha256(content).hexdigest())


def test_the_checked_bytes_are_what_goes_on(tmp_path, monkeypatch):
    standard(monkeypatch, b"weights")
    (tmp_path / "w.pth").write_bytes(b"weights")
    assert inception.checked(tmp_path / "w.pth") == b"weights"


@pytest.mark.parametrize("missing", ["torch", "torch_fidelity"])
def test_without_torch_fidelity_one_sentence_names_the_extra(tmp_path, monkeypatch, missing):
    for name in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, missing, None)                       # import fails
    standard(monkeypatch, b"weights")
    (tmp_path / "w.pth").write_bytes(b"weights")
    with pytest.raises(UserError, match=r'by way of torch-fidelity: pip install "minihit\[fid\]" brings it'):
        features.open("inception", tmp_path / "w.pth")


def pictures(count, side=20):
    return np.random.default_rng(side).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


# with a double of PyTorch and torch-fidelity, which needs neither


class Tensor:
    """An array, and where it lies."""

    def __init__(self, array, where="cpu"):
        self.array, self.where = array, where

    def to(self, where):
        return Tensor(self.array, where)

    def cpu(self):
        return Tensor(self.array)

    def numpy(self):
        assert self.where == "cpu"
        return self.array


class Network:
    """Its features are the first pixel's colours, its logits the first row's reds. made: of all that there are."""

    made = ()

    def __init__(self, name, layers, feature_extractor_weights_path):
        assert layers == ["2048", "logits_unbiased"]
        self.content, self.where, self.batches = feature_extractor_weights_path.read(), "cpu", []
        Network.made = (*Network.made, self)

    def to(self, where):
        self.where = where
        return self

    def __call__(self, batch):
        assert batch.where == self.where and batch.array.flags.c_contiguous and batch.array.dtype == np.uint8
        assert Torch.without_gradients
        self.batches.append(len(batch.array))
        return tuple(Tensor(part.astype(np.float32), self.where) for part in (batch.array[:, :, 0, 0],
                                                                              batch.array[:, 0, 0]))


class Torch:
    """What of PyTorch is used."""

    without_gradients = False

    def __init__(self, gpu):
        self.cuda, self.from_numpy = SimpleNamespace(is_available=lambda: gpu), Tensor

    @contextmanager
    def inference_mode(self):
        Torch.without_gradients = True
        yield
        Torch.without_gradients = False


@pytest.fixture
def opened_with(tmp_path, monkeypatch):
    """opened_with(device, gpu): the Extractor of a file that holds `weights`, and the Network behind it."""
    standard(monkeypatch, b"weights")
    (tmp_path / "w.pth").write_bytes(b"weights")

    def opened(device="cpu", gpu=False):
        monkeypatch.setitem(sys.modules, "torch", Torch(gpu))
        monkeypatch.setitem(sys.modules, "torch_fidelity", SimpleNamespace())
        monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3",
                            SimpleNamespace(FeatureExtractorInceptionV3=Network))
        return features.open("inception", tmp_path / "w.pth", device), Network.made[-1]

    return opened


def test_torch_fidelity_is_handed_the_checked_bytes_and_channels_first(opened_with):
    images = pictures(70)
    extractor, network = opened_with()
    assert network.content == b"weights"
    found, logits = extractor.sort(images)
    np.testing.assert_array_equal(found, images[:, 0, 0])
    np.testing.assert_array_equal(logits, images[:, 0, :, 0])
    np.testing.assert_array_equal(extractor.extract(images), found)
    assert network.batches == 2 * [32, 32, 6]


@pytest.mark.parametrize("device, gpu, where, words", [
    ("cpu", True, "cpu", "the CPU"), ("gpu", True, "cuda", "a GPU"), ("gpu", False, "cpu", "the CPU")])
def test_a_gpu_computes_it_where_pytorch_finds_one(opened_with, device, gpu, where, words):
    extractor, network = opened_with(device, gpu)
    extractor.extract(pictures(1))
    assert network.where == where
    assert dict(extractor.facts)["computed"] == f"in float32 by PyTorch on {words}"


def test_its_table_of_facts(opened_with):
    extractor, _ = opened_with()
    facts = dict(extractor.facts)
    assert (extractor.name, extractor.width) == ("inception-2048", 2048)
    assert list(facts) == ["weights", "resize", "features", "trace", "logits", "computed"]
    assert inception.FILE in facts["weights"] and "299 x 299" in facts["resize"] and "2,048" in facts["features"]


# with torch-fidelity


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """(path, network): a file of the layout of the standard one, and torch-fidelity's network with what is in it."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("torch_fidelity")
    from torch_fidelity import feature_extractor_inceptionv3 as theirs

    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(theirs, "load_state_dict_from_url", lambda *args, **options: {})
        patch.setattr(theirs.FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
        network = theirs.FeatureExtractorInceptionV3("inception", ["2048", "logits_unbiased"], verbose=False)
    torch.save(network.state_dict(), path)
    return path, network


@pytest.fixture
def opened(weights, monkeypatch):
    standard(monkeypatch, weights[0].read_bytes())
    return features.open("inception", weights[0])


def test_features_and_logits_are_those_of_torch_fidelitys_network(weights, opened):
    import torch

    images = pictures(2)
    expected = weights[1](torch.from_numpy(images).permute(0, 3, 1, 2))
    found = opened.sort(images)
    for here, there in zip(found, expected, strict=True):
        np.testing.assert_allclose(here, there.numpy(), rtol=1e-5, atol=1e-6)
        assert here.dtype == np.float32 and here.std() > 0.0
    assert [x.shape for x in found] == [(2, opened.width), (2, 1008)]


def test_pictures_of_any_size_go_through_a_few_at_a_time(opened, monkeypatch):
    images = pictures(3, 8)
    expected, logits = opened.sort(images)
    monkeypatch.setattr(inception, "BATCH", 2)
    np.testing.assert_allclose(opened.extract(images), expected, rtol=1e-4, atol=1e-5)
    assert inception_score(logits, splits=3)[0] == pytest.approx(1.0)     # each part has one picture


def test_one_changed_byte_is_found_before_anything_is_opened(weights, opened, tmp_path):
    content = bytearray(weights[0].read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "changed.pth").write_bytes(content)
    assert zipfile.is_zipfile(tmp_path / "changed.pth")
    with pytest.raises(UserError, match="its SHA-256 begins with"):
        features.open("inception", tmp_path / "changed.pth")
