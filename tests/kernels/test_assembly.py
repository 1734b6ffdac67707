"""What LLVM makes of each tile's loop over K, on processors that are not here: the instruction, and nothing spilled."""

import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import pytest
from llvmlite import ir

from quantlab.kernels import tiles, vectors
from quantlab.kernels.tiers import TIERS

ROOT = Path(__file__).resolve().parent.parent.parent
LINUX, ARM, MAC = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "arm64-apple-darwin"
# Processor, its extra features, the instruction, and how an address on the stack is written there.
TARGETS = [
    ("avx512vnni", LINUX, "znver4", "", r"vpdpbusd\s.*%zmm", "%r[sb]p"),
    ("avx512vnni", LINUX, "icelake-server", "", r"vpdpbusd\s.*%zmm", "%r[sb]p"),
    ("avx512vnni", LINUX, "sapphirerapids", "", r"vpdpbusd\s.*%zmm", "%r[sb]p"),
    ("avxvnni", LINUX, "alderlake", "", r"\{vex\}\s+vpdpbusd\s.*%ymm", "%r[sb]p"),
    ("avx2", LINUX, "haswell", "", r"vpmaddwd\s.*%ymm", "%r[sb]p"),
    ("avx2", LINUX, "znver3", "", r"vpmaddwd\s.*%ymm", "%r[sb]p"),
    ("plain", LINUX, "x86-64", "", r"pmaddwd\s.*%xmm", "%r[sb]p"),
    ("dotprod", ARM, "neoverse-n1", "", r"sdot\s.*\.4s", r"\[sp"),
    ("dotprod", MAC, "apple-m1", "", r"sdot\.4s", r"\[sp"),
]


def assembly(tier, triple, processor, features, rows):
    """The tile's loop as a function of its own: sums out, two pointers and a count in."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    byte, sums = vectors.I8.as_pointer(), ir.VectorType(vectors.I32, tier.lanes)
    module = ir.Module()
    module.triple = triple
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [byte, byte, byte, vectors.I64]), "tile")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    a, b, out, words = function.args
    start = [vectors.load(builder, out, i * 4 * tier.lanes, sums, 4) for i in range(rows * tier.vectors)]
    for i, value in enumerate(tiles.multiply_add(builder, tier, rows, a, b, start, words)):
        vectors.store(builder, value, out, i * 4 * tier.lanes, 4)
    builder.ret_void()
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=processor, features=features, opt=3)
    parsed = llvm.parse_assembly(str(module))
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(parsed, passes)
    return machine.emit_assembly(parsed)


def loop(text):
    """The instructions between the label that is jumped back to and the jump."""
    lines = [line.strip() for line in text.splitlines()]
    labels = {line[:-1]: at for at, line in enumerate(lines) if re.fullmatch(r"\.?L\w+:", line.split(" ")[0])}
    labels = {name.split(":")[0]: at for name, at in labels.items()}
    for at, line in enumerate(lines):
        target = re.search(r"\b(?:j\w+|b\.?\w+|tbnz|cbnz)\s.*?(\.?L\w+)$", line)
        if target and labels.get(target[1], at) < at:
            return lines[labels[target[1]] + 1 : at + 1]
    raise AssertionError("no loop in\n" + text)


@pytest.mark.parametrize("height", ["own", 2, 1])
@pytest.mark.parametrize(("name", "triple", "processor", "features", "instruction", "stack"), TARGETS)
def test_the_loop_is_the_instruction_and_nothing_is_spilled(
    name, triple, processor, features, instruction, stack, height
):
    tier = TIERS[name]
    rows = tier.rows if height == "own" else height
    body = loop(assembly(tier, triple, processor, features, rows))
    unrolled = 4 if rows == 1 else 2
    vectors_of_sums = rows * tier.vectors * (2 if name == "plain" else 1)  # a vector of 8 takes two SSE registers
    found = [line for line in body if re.match(instruction, line)]
    assert len(found) == unrolled * vectors_of_sums, "\n".join(body)
    assert not [line for line in body if re.search(stack, line)], "\n".join(body)


def test_every_tier_that_runs_somewhere_is_looked_at():
    assert {target[0] for target in TARGETS} == {tier.name for tier in TIERS.values() if not tier.emulated}


# Machine code of whole kernels, made for a processor that is not here and never run: for each the loop that holds the
# instruction, as how often it stands there and how many vectors go to the stack and back.
KERNELS = """
import json, re, sys
import numba
from quantlab.kernels import digits
from quantlab.kernels.tiers import TIERS
found = []
for kernel in (digits.codes_by_rows, digits.reals_by_rows, digits.codes_by_blocks):
    function = kernel.build(TIERS[sys.argv[1]].number)
    compiled = numba.njit(kernel.signatures[-1:], nogil=True, error_model="numpy")(function)
    text = next(iter(compiled.inspect_asm().values()))
    blocks = [[line for line in block.splitlines()] for block in re.split(r"\\n[.\\w]+:", text)]
    of = [(sum(bool(re.search(sys.argv[2], line)) for line in block), block) for block in blocks]
    count, block = max(of, key=lambda pair: pair[0])
    end = max(at for at, line in enumerate(block) if re.search(sys.argv[2], line))
    found.append([count, sum(bool(re.search(r"vmov.*%r[sb]p", line)) for line in block[:end])])
print(json.dumps(found))
"""


@pytest.mark.parametrize(
    ("name", "processor", "features", "instruction", "counts", "spills"),
    [
        ("avx512vnni", "znver4", "+avx512f,+avx512bw,+avx512vl,+avx512vnni", r"vpdpbusd\s.*%zmm", [16, 24, 32], 0),
        ("avxvnni", "alderlake", "+avxvnni", r"vpdpbusd\s.*%ymm", [32, 48, 64], 12),
        ("avx2", "haswell", "", r"vpmaddubsw\s.*%ymm", [32, 48, 64], 20),
    ],
)
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="Numba makes code for this architecture only")
def test_packed_4_bit_weights_meet_the_instruction(tmp_path, name, processor, features, instruction, counts, spills):
    """A step's sums of 16 registers' worth outlast it on the stack; 32 registers hold everything."""
    wanted = ",".join(filter(None, ["+sse4.2,+avx,+avx2,+fma,+f16c,+bmi,+bmi2", features]))
    environment = os.environ | {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": wanted, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KERNELS, name, instruction]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [count for count, _ in found] == counts
    assert max(spilled for _, spilled in found) <= spills
