"""Drawn faces in CelebA's words: its forty attributes, of those that the renderer knows."""

import numpy as np

from minihit.data.faces.attributes import BEARDS, HAIR_STYLES, HATS

NAMES = """\
    5_o_Clock_Shadow Arched_Eyebrows Attractive Bags_Under_Eyes Bald Bangs Big_Lips Big_Nose Black_Hair Blond_Hair
    Blurry Brown_Hair Bushy_Eyebrows Chubby Double_Chin Eyeglasses Goatee Gray_Hair Heavy_Makeup High_Cheekbones Male
    Mouth_Slightly_Open Mustache Narrow_Eyes No_Beard Oval_Face Pale_Skin Pointy_Nose Receding_Hairline Rosy_Cheeks
    Sideburns Smiling Straight_Hair Wavy_Hair Wearing_Earrings Wearing_Hat Wearing_Lipstick Wearing_Necklace
    Wearing_Necktie Young"""  # in the order of the file


def celeba_attributes(attributes):
    """CelebA's forty, 1 or -1, int8 (count, 40), of the renderer's; those that it does not know are -1."""
    hair, beard, hat = (list(styles).index for styles in (HAIR_STYLES, BEARDS, HATS))
    known = {
        "5_o_Clock_Shadow": attributes["beard"] == beard("stubble"),
        "Bald": attributes["hair_style"] == hair("bald"),
        "Bangs": attributes["hair_style"] == hair("bangs"),
        "Big_Nose": attributes["nose_width"] > 0.095,
        "Bushy_Eyebrows": attributes["brow_thickness"] > 0.037,
        "Eyeglasses": attributes["glasses"] > 0,
        "Goatee": attributes["beard"] == beard("goatee"),
        "Mouth_Slightly_Open": attributes["mouth_open"] > 0,
        "Mustache": attributes["beard"] == beard("moustache"),
        "Narrow_Eyes": attributes["eye_openness"] < 0.74,
        "No_Beard": attributes["beard"] == beard("none"),
        "Rosy_Cheeks": attributes["blush"] > 0.35,
        "Smiling": attributes["smile"] > 0.05,
        "Wavy_Hair": attributes["hair_style"] == hair("wavy"),
        "Wearing_Earrings": attributes["earrings"] > 0,
        "Wearing_Hat": (attributes["hat"] > 0) & (attributes["hat"] <= hat("beret")),
    }
    none = np.zeros(len(attributes["hat"]), bool)
    return np.stack([np.where(known.get(name, none), 1, -1) for name in NAMES.split()], axis=1).astype(np.int8)
