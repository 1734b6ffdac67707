"""The Tensor page in a real browser: it shows what the library says, and it can be steered, linked and undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import tensor_page
from conftest import Server
from playwright.sync_api import Page, expect
from steps import press, visit
from tensor_page import (
    at_rest,
    differences,
    has_levels,
    link,
    notice,
    open_state,
    sentence,
    shows,
    values,
)

from quantlab import Quantizer, Scheme, error_report
from quantlab.arrays.builtin import build
from quantlab.experiments.tensor import Settings
from quantlab.numerals import count, decibels, difference, num, share
from quantlab.scheme import MinMSE, Percentile, PerChannel

APP = tensor_page.APP


@pytest.mark.parametrize(
    ("address", "data", "size", "scheme"),
    [
        ("", "article", "10x10", Scheme(bits=4)),
        ("bits=8", "article", "10x10", Scheme()),
        ("grid=affine", "article", "10x10", Scheme(bits=4, symmetric=False)),
        ("overflow=wrap", "article", "10x10", Scheme(bits=4, overflow="wrap")),
        ("rounding=floor", "article", "10x10", Scheme(bits=4, rounding="floor")),
        (
            "data=outlier&size=100x100&range=percentile:99.9",
            "outlier",
            "100x100",
            Scheme(bits=4, range=Percentile(99.9)),
        ),
        (
            "data=channels&size=100x100&bits=3&per=channel:0",
            "channels",
            "100x100",
            Scheme(bits=3, granularity=PerChannel(0)),
        ),
    ],
)
def test_hero_and_numbers_are_the_librarys(
    page: Page, server: Server, address: str, data: str, size: str, scheme: Scheme
) -> None:
    x = build(data, size=size).values
    quantizer = Quantizer(x, scheme)
    report, other = error_report(x, quantizer), _report(x, replace(scheme, symmetric=not scheme.symmetric))
    visit(page, server, f"/?{address}")
    expect(values(page)).to_have_text(
        [
            decibels(report.sqnr_db),
            num(report.max_abs_error),
            num(report.mean_abs_error),
            share(report.clipped),
            f"{count(report.codes_used)} of {count(scheme.levels)}",
            num(report.bits_per_value),
        ],
        timeout=60_000,  # the first visit compiles the kernels
    )
    expect(differences(page)).to_have_text(
        [
            difference(report.sqnr_db, other.sqnr_db, unit="dB"),
            difference(report.max_abs_error, other.max_abs_error),
            difference(report.mean_abs_error, other.mean_abs_error),
            difference(100 * report.clipped, 100 * other.clipped, unit="pp"),
            "same"
            if report.codes_used == other.codes_used
            else num(report.codes_used - other.codes_used, 1, sign=True),
            difference(report.bits_per_value, other.bits_per_value),
        ]
    )
    hero = at_rest(page)
    codes = quantizer.quantize(x)
    if report.parts is not None:
        worst = int(np.argmin(report.parts.sqnr_db))
        expect(sentence(page)).to_contain_text(f"row {worst}")
        codes, report = codes[worst], error_report(x[worst], _alone(quantizer, worst))
    counts = np.bincount(codes.ravel().astype(int) - quantizer.qmin, minlength=scheme.levels)
    has_levels(page, quantizer.qmin, counts / codes.size)
    marked = {side: hero.locator(f".words[data-side={side}]") for side in ("low", "high")}
    for side, clipped in {"low": report.clipped_low, "high": report.clipped_high}.items():
        shown = [each.get_attribute("data-clipped") for each in marked[side].all()]
        assert shown == ([str(clipped)] if clipped else []), side
    if codes.size <= 400:
        assert hero.locator(".dot").count() == codes.size
        assert hero.locator(".dot[data-clipped='1']").count() == report.clipped_low + report.clipped_high


def _report(x: np.ndarray, scheme: Scheme):
    return error_report(x, Quantizer(x, scheme))


def _alone(quantizer: Quantizer, row: int) -> Quantizer:
    scheme = replace(quantizer.scheme, granularity=Scheme().granularity)
    return Quantizer.from_parameters(quantizer.scale[row, 0], int(quantizer.zero_point[row, 0]), scheme)


@pytest.mark.fresh
def test_the_opening_sentence_is_the_articles_surprise(page: Page, server: Server) -> None:
    open_state(page, server)
    expect(sentence(page)).to_contain_text("4 bits act as 3")
    expect(page).to_have_title("Tensor · QuantLab")
    assert notice(page).inner_text().strip() == ""


def test_a_key_press_changes_hero_sentence_and_numbers_and_back_and_forward_repeat_it(
    page: Page, server: Server
) -> None:
    start = Settings(data="normal", size="100x100")
    first = open_state(page, server, start).get_attribute("data-state")
    told, numbers = sentence(page).inner_text(), values(page).all_inner_texts()
    press(page, "bits", "ArrowRight")
    five = shows(page, replace(start, bits=5)).get_attribute("data-state")
    assert five != first
    assert sentence(page).inner_text() != told
    assert values(page).all_inner_texts() != numbers
    press(page, "bits", "ArrowRight")
    shows(page, replace(start, bits=6))
    for step, bits in ((page.go_back, 5), (page.go_back, 4), (page.go_forward, 5), (page.go_forward, 6)):
        step()
        hero = shows(page, replace(start, bits=bits))
        assert page.locator(".st-key-control-bits input[type=range]").input_value() == str(bits)
        if bits < 6:
            expect(hero).to_have_attribute("data-state", {4: first, 5: five}[bits] or "")


@pytest.mark.parametrize(
    "settings",
    [
        Settings(bits=6, symmetric=False, range=Percentile(99.0), pin=Settings(bits=3), compare="pinned"),
        Settings(data="channels", size="100x100", granularity=PerChannel(0), channel=7, scale_dtype="float16"),
        Settings(data="outlier", size="100x100", range=MinMSE(), seed=7, rounding="stochastic", rounding_seed=3),
    ],
    ids=["pinned", "channels", "searched"],
)
def test_a_link_shows_the_same_page_in_another_browser(
    page: Page, open_browser: Callable[..., Page], server: Server, settings: Settings
) -> None:
    hero = open_state(page, server, settings)
    second = open_browser()
    second.goto(page.url)
    other = shows(second, settings)
    assert other.get_attribute("data-state") == hero.get_attribute("data-state")
    assert sentence(second).inner_text() == sentence(page).inner_text()
    assert differences(second).all_inner_texts() == differences(page).all_inner_texts()


def test_a_link_works_as_the_first_visit_ever(
    open_browser: Callable[..., Page], start_server: Callable[..., Server]
) -> None:
    cold, page = start_server(APP), open_browser()
    settings = Settings(bits=6, symmetric=False, range=MinMSE())
    page.goto(cold.url + link(settings))
    expect(sentence(page)).not_to_be_empty(timeout=60_000)
    shows(page, settings)
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    press(page, "bits", "ArrowRight")
    shows(page, replace(settings, bits=7))


@pytest.mark.parametrize(
    ("hostile", "names"),
    [
        pytest.param("bits=99", "bits", marks=pytest.mark.fresh),
        pytest.param("per=group:-1:9&data=<b>x</b>", "data and per", marks=pytest.mark.fresh),
        ("range=fixed:1:-1", "range"),
        ("data=normal&with=std:nan", "with"),
        ("data=normal&with=lo:5", "with"),
        ("pin=bits-99~grid-round", "pin"),
        pytest.param(
            "size=99999x99999&seed=1e9&rounding=" + "x" * 5_000, "size, seed and rounding", marks=pytest.mark.fresh
        ),
    ],
)
def test_a_hostile_link_is_mended_with_a_notice_and_the_page_works(
    page: Page, server: Server, hostile: str, names: str
) -> None:
    visit(page, server, f"/?{hostile}&bits=5" if "bits" not in hostile else f"/?{hostile}")
    expect(notice(page)).to_contain_text(f"for {names} could not be used")
    data = "normal" if "normal" in hostile else "article"
    mended = Settings(data=data, bits=4 if hostile == "bits=99" else 5)
    if hostile.startswith("pin"):
        mended = replace(mended, bits=4)
    shows(page, mended)
    press(page, "bits", "ArrowRight")
    shows(page, replace(mended, bits=mended.bits + 1))
    assert notice(page).inner_text().strip() == ""
