"""The saved fall on a machine without a network: it opens, answers, follows light and dark, and saves itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from apps.fall.states import picture
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from quantlab.charts import PALETTES
from quantlab.ui.components.fall import standalone

SVG = "{http://www.w3.org/2000/svg}"
STATES = {"few": ("article", 4, "symmetric"), "many": ("outliers", 8, "symmetric clipped")}
TITLE_ROW, HEIGHT = 30, 416

Show = Callable[..., Page]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("saved")
    files = {name: folder / f"{name}.html" for name in STATES}
    for name, file in files.items():
        page = standalone(picture(*STATES[name]), title='Fall of <x> & "y"', alt="Eight clip.", name=f"tensor-{name}")
        file.write_text(page, encoding="utf-8")
    return files


@pytest.fixture
def show(open_browser: Callable[..., Page], files: dict[str, Path]) -> Show:
    def shown(name: str = "few", color_scheme: str = "light", width: int = 900) -> Page:
        page = open_browser(width=width, color_scheme=color_scheme, offline=True)
        page.goto(files[name].as_uri())
        page.wait_for_selector(f".ql-fall[data-state=tensor-{name}] .level", state="attached")
        page.evaluate("fonts.then(() => new Promise(requestAnimationFrame))")
        return page

    return shown


def _levels(name: str) -> list[tuple[str, float]]:
    state = picture(*STATES[name])
    codes = range(state.grid.qmin, state.grid.qmax + 1)
    return [(str(q), int(n) / state.n) for q, n in zip(codes, state.grid.code_counts, strict=True)]


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _saved(page: Page, kind: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save {kind}").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def _pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("name", STATES)
def test_it_opens_offline_with_the_librarys_levels(show: Show, name: str) -> None:
    page = show(name)
    drawn = page.eval_on_selector_all("[data-code]", "nodes => nodes.map(n => [n.dataset.code, +n.dataset.share])")
    assert [(code, share) for code, share in drawn] == _levels(name)
    assert page.locator("h1").inner_text() == 'Fall of <x> & "y"'
    assert page.get_by_role("img", name="Eight clip.").count() == 1


def test_it_asks_nobody_for_anything(show: Show) -> None:
    page = show()
    asked = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in asked if not name.startswith("data:")] == []


def test_it_brings_its_fonts(show: Show) -> None:
    loaded = show().evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)")
    assert {family.strip('"') for family in loaded} == {"Inter", "JetBrains Mono"}


def test_it_follows_a_switch_of_light_and_dark(show: Show) -> None:
    page = show()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator(".level").last).to_have_css("fill", f"rgb{_rgb(PALETTES[scheme]['integer'])}")


def test_a_value_is_chosen_by_keyboard(show: Show) -> None:
    page = show()
    page.locator(".ql-fall").focus()
    page.keyboard.press("Home")
    said: Locator = page.locator(".ql-fall-said")
    first = said.inner_text()
    assert first.startswith("x = ")
    page.keyboard.press("ArrowRight")
    assert said.inner_text() not in {"", first}


def test_it_fits_a_phone(show: Show) -> None:
    assert show(width=330).evaluate("document.documentElement.scrollWidth") <= 330


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", STATES)
def test_it_saves_itself_as_svg(show: Show, tmp_path: Path, name: str, scheme: str) -> None:
    page = show(name, scheme)
    file = _saved(page, "SVG", tmp_path)
    assert file.name == f"tensor-{name}.svg"
    text = file.read_text(encoding="utf-8")
    assert "var(--" not in text
    assert "light-dark" not in text
    root = ElementTree.fromstring(text)
    width = page.eval_on_selector(".ql-fall", "node => node.clientWidth")
    assert [root.get(key) for key in ("width", "height", "viewBox")] == [
        str(width),
        str(HEIGHT + TITLE_ROW),
        f"0 0 {width} {HEIGHT + TITLE_ROW}",
    ]
    bars = [node for node in root.iter(f"{SVG}rect") if node.get("data-code")]
    assert [(bar.get("data-code"), float(bar.get("data-share", "nan"))) for bar in bars] == _levels(name)
    assert [node.text for node in root.findall(f"{SVG}text")] == ['Fall of <x> & "y"']
    words = ["".join(node.itertext()) for node in root.iter(f"{SVG}text") if "clip" in node.get("class", "")]
    assert words
    assert all(" values beyond" in said for said in words)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", STATES)
def test_a_saved_svg_looks_as_the_page_does(
    show: Show, open_browser: Callable[..., Page], tmp_path: Path, name: str, scheme: str
) -> None:
    page = show(name, scheme)
    page.eval_on_selector("h1", "node => node.style.height = '24px'")  # so that the drawing begins at a whole pixel
    page.locator(".ql-fall").screenshot(path=tmp_path / "page.png")
    alone = open_browser(offline=True)  # in light: its colours are its own
    alone.goto(_saved(page, "SVG", tmp_path).as_uri())
    alone.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    here = _pixels(tmp_path / "page.png")
    area = {"x": 0, "y": TITLE_ROW, "width": here.shape[1], "height": HEIGHT}
    alone.screenshot(path=tmp_path / "alone.png", clip=area)
    differs = np.abs(here - _pixels(tmp_path / "alone.png")).max(axis=-1) > 48
    assert differs.mean() < 0.002


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_saves_itself_as_a_png_of_twice_the_size(show: Show, tmp_path: Path, scheme: str) -> None:
    page = show("few", scheme)
    width = page.eval_on_selector(".ql-fall", "node => node.clientWidth")
    file = _saved(page, "PNG", tmp_path)
    assert file.name == "tensor-few.png"
    pixels = _pixels(file)
    assert pixels.shape[:2] == (2 * (HEIGHT + TITLE_ROW), 2 * width)
    assert tuple(pixels[0, 0]) == _rgb(PALETTES[scheme]["paper"])
    # The bars of the levels cover what they cover in the drawing.
    blue = (pixels == _rgb(PALETTES[scheme]["integer"])).all(axis=-1).sum()
    boxes = page.eval_on_selector_all(
        ".level", "nodes => nodes.map(n => n.getAttribute('width') * n.getAttribute('height'))"
    )
    assert blue == pytest.approx(4 * sum(boxes), rel=0.05)
