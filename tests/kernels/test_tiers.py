"""The choice of instructions: what a processor gets, what it is refused, and that it is told."""

import subprocess
import sys

import pytest

from quantlab import kernels
from quantlab.kernels import tiers
from quantlab.kernels.tiers import TIERS, choose


@pytest.mark.parametrize(
    ("present", "name"),
    [
        (set(), "plain"),
        ({"avx2"}, "avx2"),
        ({"avx2", "avxvnni"}, "avx2"),
        ({"avx2", "avx512vnni"}, "avx2"),  # without the byte and 256-bit instructions of every such processor
        ({"avx2", "avx512vnni", "avx512bw", "avx512vl"}, "avx512vnni"),
        ({"neon", "dotprod"}, "plain"),
    ],
)
def test_a_processor_gets_the_fastest_tier_that_ever_ran(present, name):
    assert choose(None, present).name == name
    assert choose("", present).name == name


@pytest.mark.parametrize("tier", TIERS.values(), ids=lambda tier: tier.name)
def test_a_tier_is_had_by_name_where_its_needs_are_met_and_refused_elsewhere(tier):
    assert choose(tier.name, set(tier.needs)) is tier
    for need in tier.needs:
        with pytest.raises(ValueError, match=rf"QUANTLAB_KERNELS={tier.name} needs {need}.*one of .*plain"):
            choose(tier.name, set(tier.needs) - {need})


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match="got 'avx3'; unset it or choose one of avx2, plain"):
        choose("avx3", {"avx2"})


def test_no_emulated_and_no_unverified_tier_is_chosen_by_itself():
    everything = {need for tier in TIERS.values() for need in tier.needs}
    assert choose(None, everything).verified
    assert not choose(None, everything).emulated


def test_numba_told_to_compile_for_less_narrows_what_is_there(monkeypatch):
    monkeypatch.setattr(tiers.numba.config, "CPU_FEATURES", "+sse2,-avx2")
    assert "avx2" not in tiers.features.__wrapped__()


def test_describe_names_the_tier_its_reason_and_every_other():
    said = kernels.describe()
    assert said["tier"] == tiers.chosen().name
    assert str(said["tier"]) in str(said["reason"])
    assert "unverified" in said["tiers"]["avxvnni"]
    assert [state.split(",")[0] for state in said["tiers"].values()].count("chosen") == 1


def test_a_name_that_cannot_be_had_ends_the_command_with_one_sentence(monkeypatch):
    monkeypatch.setenv("QUANTLAB_KERNELS", "avx3")
    done = subprocess.run([sys.executable, "-m", "quantlab", "setup"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("QUANTLAB_KERNELS names no tier of the kernels, got 'avx3'")
    assert len(done.stderr.splitlines()) == 1
