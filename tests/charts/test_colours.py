"""The palette by numbers: contrast for reading, distance for telling apart, so that nobody tunes a hue by eye.

Contrast is WCAG 2.1's, distance CIEDE2000 (Sharma, Wu, Dalal 2005), colour blindness the matrices of Machado, Oliveira
and Fernandes (2009) at full severity, in linear light.
"""

import itertools

import numpy as np
import pytest

from quantlab.charts import PALETTES, TOKEN, heat_map

SEEN_AS = {
    "normal": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Against the page, light and dark. Stated to one decimal, so half a unit of the last place is the tolerance.
CONTRAST = {
    "float": (9.9, 13.1), "float_fill": (2.9, 3.0), "integer": (6.5, 7.6), "rounding": (5.1, 10.7),
    "rounding_fill": (1.6, 6.6), "clipping": (8.1, 7.3), "clipping_fill": (3.6, 5.7), "zero": (6.2, 9.8),
    "trained": (4.7, 9.3), "lsq": (10.4, 4.8), "weights": (10.7, 4.9), "activations": (4.8, 10.9),
    "memory": (7.4, 14.1), "compute": (3.5, 5.6), "pinned": (4.6, 6.9), "warning": (7.1, 10.8),
    "ink": (15.1, 15.2), "text": (5.7, 8.1),
}  # fmt: skip
TEXTS = (
    "float", "integer", "rounding", "clipping", "zero", "trained", "lsq", "weights", "activations", "memory", "pinned",
    "warning", "ink", "text",
)  # fmt: skip
# Colours that share a chart, and the least distance between any two of them, light and dark.
HERO, FILLS, SERIES = (
    ("float", "integer", "rounding", "clipping", "zero"),
    ("float_fill", "rounding_fill", "clipping_fill"),
    ("float", "integer", "trained", "lsq"),
)
APART = {
    HERO: (13.3, 9.2),
    FILLS: (13.9, 11.9),
    SERIES: (16.8, 15.6),
    ("weights", "activations"): (15.6, 18.3),
    ("memory", "compute"): (19.4, 22.4),
    ("zero", "pinned"): (10.7, 10.0),
}
PINNED = (12.8, 13.3)


def linear(colour: str) -> np.ndarray:
    v = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((float(np.array([0.2126, 0.7152, 0.0722]) @ linear(x)) for x in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    t = np.array(to_xyz) @ rgb / np.array([0.95047, 1, 1.08883])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(one, other) -> float:
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + 25**7)))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * stretch)) % 360 for a, b in ((a1, b1), (a2, b2)))
    grey = c1 * c2 == 0
    dh = 0 if grey else (h2 - h1 + 180) % 360 - 180
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = h1 + h2 if grey else h1 + dh / 2
    t = (
        1
        - 0.17 * np.cos(np.radians(mean_h - 30))
        + 0.24 * np.cos(np.radians(2 * mean_h))
        + 0.32 * np.cos(np.radians(3 * mean_h + 6))
        - 0.20 * np.cos(np.radians(4 * mean_h - 63))
    )
    turn = 60 * np.exp(-((((mean_h % 360) - 275) / 25) ** 2))
    cross = -np.sin(np.radians(turn)) * 2 * np.sqrt(mean_c**7 / (mean_c**7 + 25**7))
    dl = (l2 - l1) / (1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * mean_c)
    dhue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2)) / (1 + 0.015 * mean_c * t)
    return float(np.sqrt(dl**2 + dc**2 + dhue**2 + cross * dc * dhue))


def distance(theme: str, one: str, other: str) -> float:
    """Smallest distance over normal and colour-blind eyes."""
    a, b = (linear(PALETTES[theme][name]) for name in (one, other))
    return min(ciede2000(lab(np.clip(m @ a, 0, 1)), lab(np.clip(m @ b, 0, 1))) for m in SEEN_AS.values())


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((50, -1, 2), (50, 0, 0), 2.3669),
    ],
)
def test_the_distance_is_that_of_the_published_pairs(one, other, expected):
    assert ciede2000(one, other) == pytest.approx(expected, abs=5e-5)
    assert ciede2000(other, one) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("name", CONTRAST)
def test_each_colour_has_its_stated_contrast_against_the_page(name):
    found = [contrast(PALETTES[theme][name], PALETTES[theme]["paper"]) for theme in ("light", "dark")]
    assert found == pytest.approx(CONTRAST[name], abs=0.051)


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("name", TEXTS)
def test_what_is_used_as_text_can_be_read(theme, name):
    assert contrast(PALETTES[theme][name], PALETTES[theme]["paper"]) >= 4.5


def test_ink_can_be_read_on_the_highlight():
    found = [contrast(PALETTES[theme]["ink"], PALETTES[theme]["highlight"]) for theme in ("light", "dark")]
    assert found == pytest.approx((12.5, 7.3), abs=0.051)


def blended(theme: str, token: str) -> np.ndarray:
    """Return what is seen of a token over the page: R, G and B, 0 to 255."""
    name = next(name for name, text in TOKEN.items() if token.startswith(text))
    opacity = int(token[7:] or "FF", 16) / 255
    own, paper = (np.array([int(PALETTES[theme][n][i : i + 2], 16) for i in (1, 3, 5)]) for n in (name, "paper"))
    return paper + (own - paper) * opacity


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("kind", ["values", "codes", "errors"])
def test_the_number_in_a_cell_can_be_read_on_every_colour_that_a_heat_map_has(theme, kind):
    heat = heat_map([[-1.0, 1.0]], kind, limit=1.0, texts=[["−1", "1"]]).data[0]
    places, colours = zip(*heat.colorscale, strict=True)
    text = next(name for name, token in TOKEN.items() if token == heat.textfont.color)
    for step in np.linspace(0, 1, 255):
        cell = [
            round(float(np.interp(step, places, channel)))
            for channel in zip(*(blended(theme, colour) for colour in colours), strict=True)
        ]
        assert contrast("#" + "".join(f"{value:02X}" for value in cell), PALETTES[theme][text]) >= 4.5


@pytest.mark.parametrize("names", APART, ids="-".join)
def test_colours_that_share_a_chart_keep_their_stated_distance(names):
    found = [
        min(distance(theme, one, other) for one, other in itertools.combinations(names, 2))
        for theme in ("light", "dark")
    ]
    assert found == pytest.approx(APART[names], abs=0.051)


def test_what_is_pinned_keeps_its_distance_from_every_series():
    found = [min(distance(theme, "pinned", name) for name in SERIES) for theme in ("light", "dark")]
    assert found == pytest.approx(PINNED, abs=0.051)
