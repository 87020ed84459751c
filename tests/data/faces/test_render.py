import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minihit.data.faces import render as render_module
from minihit.data.faces.attributes import RANGES, STYLES
from minihit.data.faces.render import draw_attributes, faces, render
from minihit.errors import UserError

seeds = st.integers(0, 2**32)


def plain_face(**changes):
    """One face with everything in the middle of its range and no extras, (1, ...) attributes; `changes` by name."""
    face = draw_attributes(seed=0, start=0, count=1)
    face |= {name: np.float32([(low + high) / 2]) for name, (low, high) in RANGES.items()}
    face |= {name: np.int8([0]) for name in STYLES}
    face |= {name: np.zeros(1, np.float32) for name in ("mouth_open", "freckles", "earrings")}
    face |= {"eye_color": np.float32([[0.2, 0.4, 0.8]]), "skin_color": np.float32([[0.8, 0.6, 0.5]])}
    face |= {"clothes_color": np.float32([[0.1, 0.6, 0.3]]), "accent_color": np.float32([[0.9, 0.2, 0.1]])}
    face |= {"background_color": np.float32([[0.3, 0.3, 0.9]]), "background_low_color": np.float32([[0.3, 0.3, 0.7]])}
    face |= {"hair_color": np.float32([[0.5, 0.3, 0.1]]), "lip_color": np.float32([[0.6, 0.2, 0.2]])}
    for name, value in changes.items():
        styles = list(STYLES.get(name, []))
        value = styles.index(value) if isinstance(value, str) else value
        face[name] = np.asarray([value], face[name].dtype)
    return face


def draw(size=64, **changes):
    return render(plain_face(**changes), size)[0].astype(int)


# --- drawing attributes ---------------------------------------------------------------------------------------------


@given(seed=seeds, start=st.integers(0, 10**9), skip=st.integers(0, 9), count=st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_a_face_does_not_depend_on_how_the_set_is_cut(seed, start, skip, count):
    whole = draw_attributes(seed, start, skip + count)
    part = draw_attributes(seed, start + skip, count)
    for name, value in part.items():
        assert value.shape[0] == count
        np.testing.assert_array_equal(value, whole[name][skip:], err_msg=name)


def test_attributes_are_small_numbers_in_their_ranges():
    attributes = draw_attributes(seed=1, start=0, count=400)
    for name, (low, high) in RANGES.items():
        assert attributes[name].min() >= np.float32(low) and attributes[name].max() <= np.float32(high), name
        assert np.ptp(attributes[name]) > 0.9 * (high - low), name
    for name, value in attributes.items():
        assert value.dtype == (np.int8 if name in STYLES else np.float32), name
        assert value.shape == ((400, 3) if name.endswith("_color") else (400,)), name
        if name.endswith("_color"):
            assert value.min() >= 0 and value.max() <= 1, name


@pytest.mark.parametrize("name", STYLES)
def test_every_style_comes_up_as_often_as_its_weight_says(name):
    index = draw_attributes(seed=2, start=0, count=20_000)[name]
    weights = np.array(list(STYLES[name].values()))
    frequency = np.bincount(index, minlength=len(weights)) / len(index)
    np.testing.assert_allclose(frequency, weights / weights.sum(), atol=0.015)


# --- pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [8, 32, 45, 64])
def test_pictures_have_any_size_and_are_reproducible(size):
    images = faces(seed=3, start=5, count=7, size=size)
    assert images.shape == (7, size, size, 3) and images.dtype == np.uint8
    assert images.min() < 60 and images.max() > 200
    np.testing.assert_array_equal(images, faces(seed=3, start=5, count=7, size=size))


def test_no_faces_is_an_empty_batch():
    assert faces(seed=0, start=0, count=0, size=16).shape == (0, 16, 16, 3)


def test_a_picture_does_not_depend_on_its_batch():
    together = faces(seed=4, start=0, count=150, size=32)  # several chunks, sorted by style
    for i in range(0, 150, 11):
        np.testing.assert_array_equal(faces(seed=4, start=i, count=1, size=32)[0], together[i])


def test_a_large_face_is_painted_alone_as_it_is_among_others(monkeypatch):
    attributes, size = draw_attributes(seed=4, start=0, count=24), render_module.ALONE
    alone = render(attributes, size)
    monkeypatch.setattr(render_module, "ALONE", size + 1)
    np.testing.assert_array_equal(alone, render(attributes, size))


def test_rendering_leaves_the_attributes_alone():
    attributes = draw_attributes(seed=5, start=0, count=20)
    before = {name: value.copy() for name, value in attributes.items()}
    render(attributes, 16)
    for name, value in attributes.items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


@pytest.mark.parametrize("small", [32, 64])
def test_a_large_picture_shrinks_to_the_small_one(small):
    large = faces(seed=6, start=0, count=60, size=128).astype(np.float32)
    box = 128 // small
    shrunk = large.reshape(60, small, box, small, box, 3).mean(axis=(2, 4))
    error = np.abs(shrunk - faces(seed=6, start=0, count=60, size=small))
    assert error.mean() < 2.5 and error.mean(axis=(1, 2, 3)).max() < 5  # of 255
    assert np.mean(error > 40) < 0.005


def test_the_mirrored_face_is_the_mirrored_picture():
    attributes = draw_attributes(seed=7, start=0, count=100)
    attributes["background"][:] = 0  # the diagonal has a direction
    mirrored = attributes | {
        name: -attributes[name] for name in ("shift_x", "turn", "tilt", "gaze_x", "light_x", "hair_side")
    }
    difference = np.abs(render(attributes, 40).astype(int) - render(mirrored, 40)[:, :, ::-1])
    assert difference.max() <= 2


def test_faces_are_all_different_and_every_pixel_varies():
    images = faces(seed=8, start=0, count=500, size=16).reshape(500, -1).astype(np.float32)
    square = (images**2).sum(axis=1)
    distance = (square[:, None] + square - 2 * images @ images.T) / images.shape[1]  # mean squared difference
    np.fill_diagonal(distance, np.inf)
    assert distance.min() > 10**2
    assert images.std(axis=0).min() > 25


def test_a_size_below_eight_is_refused():
    with pytest.raises(UserError, match=r"7 pixels.*choose 8 or more"):
        faces(seed=0, start=0, count=1, size=7)


# --- what attributes do ---------------------------------------------------------------------------------------------

ALL, HEAD, EYES = (-1, -1, 1, 1), (-0.7, -0.75, 0.7, 0.7), (-0.5, -0.2, 0.5, 0.2)

# attribute, one value, another value, the only part of the picture that may change: left, top, right, bottom
EFFECTS = [
    ("gaze_x", -0.04, 0.04, EYES),
    ("gaze_y", -0.02, 0.025, EYES),
    ("eye_color", (0.2, 0.4, 0.8), (0.3, 0.2, 0.1), EYES),
    ("eye_size", 0.9, 1.18, EYES),
    ("eye_spacing", 0.215, 0.26, (-0.5, -0.35, 0.5, 0.2)),
    ("eye_openness", 0.66, 1.02, EYES),
    ("eye_slant", -0.16, 0.2, EYES),
    ("lashes", 0.012, 0.036, EYES),
    ("brow_height", 0.16, 0.21, (-0.5, -0.35, 0.5, 0)),
    ("brow_angle", -0.2, 0.28, (-0.5, -0.35, 0.5, 0)),
    ("brow_thickness", 0.022, 0.045, (-0.5, -0.35, 0.5, 0)),
    ("nose_width", 0.065, 0.11, (-0.2, 0, 0.2, 0.35)),
    ("nose_length", 0.17, 0.23, (-0.2, 0, 0.2, 0.35)),
    ("mouth_width", 0.13, 0.23, (-0.3, 0.2, 0.3, 0.5)),
    ("smile", -0.02, 0.12, (-0.3, 0.2, 0.3, 0.5)),
    ("mouth_open", 0, 0.15, (-0.3, 0.2, 0.3, 0.55)),
    ("lip_thickness", 0.022, 0.045, (-0.3, 0.2, 0.3, 0.5)),
    ("lip_color", (0.6, 0.2, 0.2), (0.8, 0.2, 0.4), (-0.3, 0.2, 0.3, 0.5)),
    ("blush", 0, 0.5, (-0.55, 0, 0.55, 0.45)),
    ("freckles", 0, 1, (-0.55, 0, 0.55, 0.45)),
    ("beard", "none", "full", (-0.6, -0.1, 0.6, 0.65)),
    ("glasses", "none", "round", (-0.6, -0.25, 0.6, 0.3)),
    ("ear_size", 0.8, 1.25, (-0.75, -0.2, 0.75, 0.3)),
    ("earrings", 0, 1, (-0.7, 0, 0.7, 0.4)),
    ("hat", "none", "beanie", (-0.8, -1, 0.8, 0)),
    ("hair_style", "bald", "short", (-0.7, -0.85, 0.7, 0.1)),
    ("skin_color", (0.8, 0.6, 0.5), (0.4, 0.3, 0.2), (-0.7, -0.75, 0.7, 1)),
    ("turn", -0.07, 0.07, HEAD),
    ("nod", -0.02, 0.03, HEAD),
    ("jaw", 0, 0.17, HEAD),
    ("squareness", 0, 0.5, HEAD),
    ("head_width", 0.47, 0.55, (-0.75, -0.75, 0.75, 0.85)),
    ("head_height", 0.56, 0.62, (-0.7, -0.8, 0.7, 0.7)),
    ("tilt", -0.1, 0.1, (-0.8, -0.8, 0.8, 0.7)),
    ("clothes", "crew", "striped", (-1, 0.5, 1, 1)),
    ("clothes_color", (0.1, 0.6, 0.3), (0.9, 0.9, 0.2), (-1, 0.5, 1, 1)),
    ("build", 0.68, 0.85, (-1, 0.5, 1, 1)),
    ("background", "gradient", "halo", ALL),
    ("background_color", (0.3, 0.3, 0.9), (0.9, 0.9, 0.3), ALL),
    ("light_x", -1, 1, ALL),
    ("warmth", -1, 1, ALL),
]


@pytest.mark.parametrize(("name", "one", "other", "region"), EFFECTS, ids=[effect[0] for effect in EFFECTS])
def test_an_attribute_changes_its_own_part_of_the_picture(name, one, other, region):
    changed = np.abs(draw(**{name: one}) - draw(**{name: other})).max(axis=-1)
    inside = np.zeros(changed.shape, bool)
    left, top, right, bottom = (round((edge + 1) / 2 * 64) for edge in region)
    inside[top:bottom, left:right] = True
    assert (changed > 12).sum() >= 4
    assert changed[~inside].max(initial=0) <= 1


@pytest.mark.parametrize("name", STYLES)
def test_every_style_looks_different(name):
    images = [draw(**{name: style}) for style in STYLES[name]]
    for i, image in enumerate(images):
        for other in images[:i]:
            assert (np.abs(image - other).max(axis=-1) > 12).sum() >= 20


def test_colors_arrive_where_they_belong():
    def color_at(x, y, clothes="turtleneck"):
        image = draw(hair_style="afro", clothes=clothes, blush=0) / 255
        row, column = int((y + 1) / 2 * 64), int((x + 1) / 2 * 64)
        return image[row - 1 : row + 2, column - 1 : column + 2].mean(axis=(0, 1))

    np.testing.assert_allclose(color_at(-0.25, 0.3), [0.8, 0.6, 0.5], atol=0.03)  # cheek
    np.testing.assert_allclose(color_at(0, 0.48), [0.8, 0.6, 0.5], atol=0.03)  # chin
    np.testing.assert_allclose(color_at(0, 0.77, clothes="v-neck"), [0.8, 0.6, 0.5], atol=0.03)  # throat
    np.testing.assert_allclose(color_at(0, 0.77), [0.1, 0.6, 0.3], atol=0.03)  # turtleneck
    np.testing.assert_allclose(color_at(0.3, 0.95), [0.1, 0.6, 0.3], atol=0.03)  # clothes
    np.testing.assert_allclose(color_at(-0.95, -0.95), [0.3, 0.3, 0.9], atol=0.03)  # background
    np.testing.assert_allclose(color_at(0, -0.6), [0.5, 0.3, 0.1], atol=0.1)  # hair, with its shading


def test_the_pupils_follow_the_gaze():
    def dark_column(gaze_x):
        eyes_only = draw(size=128, gaze_x=gaze_x)[62:67, 42:86]  # between the lids and between their corners
        return np.nonzero((eyes_only < 60).all(axis=-1))[1].mean()

    assert dark_column(0.04) - dark_column(-0.04) == pytest.approx(0.08 * 64, rel=0.35)


@pytest.mark.parametrize("side", [-1, 1])
def test_the_light_comes_from_its_side(side):
    image = draw(light_x=side).sum(axis=-1)
    left, right = image[36:44, 16:20].mean(), image[36:44, 44:48].mean()
    assert np.sign(right - left) == side
