import pytest

from minihit.comparing.measures import of_features, of_logits
from minihit.comparing.names import FEATURES, IN_TRAINING, INCEPTION, PICTURES, on_features


@pytest.mark.parametrize("kind, names", [
    ("random", ["frechet_random", "kid_random", "precision_random", "recall_random"]),
    ("file", ["frechet_file", "kid_file", "precision_file", "recall_file"]),
    ("inception", ["fid", "kid_inception", "precision_inception", "recall_inception"]),
])
def test_only_inceptions_measures_have_the_names_of_fid_and_its_relatives(kind, names):
    found = [on_features(measure, kind, "by me") for measure in FEATURES]
    assert [name.log for name in found] == names
    assert {name.looked_at for name in found} == {"by me"}
    titles = " ".join(name.title for name in found)
    assert ("FID" in titles, "KID" in titles) == ((True, True) if kind == "inception" else (False, False))
    assert all(name.title.startswith("random-feature ") == (kind == "random") for name in found)


def test_the_inception_score_is_inceptions():
    assert on_features("inception_score", "inception", "x") == ("inception_score", "IS", "x")
    assert set(INCEPTION) - set(FEATURES) == {"inception_score"}


def test_a_measure_of_pictures_has_a_title_and_says_what_it_looks_at():
    assert [(name.title, name.looked_at) for name in PICTURES.values()] == [
        ("sliced Wasserstein distance (x 1000)", "7 x 7 patches"),
        ("distance of the nearest neighbour", "means of 16 x 16 squares"), ("PSNR (dB)", "pixels"),
        ("SSIM", "windows of 11 x 11")]


def test_measures_and_logs_know_the_same_names():
    assert [name.log for name in PICTURES.values()] == [*PICTURES]
    assert IN_TRAINING == {
        "frechet": ("random", "frechet"), "kid": ("random", "kid"), "precision": ("random", "precision"),
        "recall": ("random", "recall"), "fid": ("inception", "frechet"), "kid_inception": ("inception", "kid"),
        "precision_inception": ("inception", "precision"), "recall_inception": ("inception", "recall"),
        "inception_score": ("inception", "inception_score")}
    assert of_features.__defaults__ == (tuple(FEATURES),) and of_logits.__defaults__ is None
