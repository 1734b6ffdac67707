"""Machine code on the disk: made once, never another tier's, another processor's or an older source's."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from quantlab.kernels import tiers

ROOT = Path(__file__).resolve().parent.parent.parent
# Whether a product is exact, how many functions were compiled on the way, where to, and for which tier.
PRODUCT = """
import json, sys
import numpy as np
from numba.core import event
from quantlab import kernels
with event.install_recorder("numba:compile") as recorder:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (7, 65), dtype=np.uint8), rng.integers(-128, 128, (65, 33), dtype=np.int8)
    found = kernels.int_matmul(a, b, a_zero=3, b_zero=-2)
exact = bool((found == (a.astype(int) - 3) @ (b.astype(int) + 2)).all())
said = kernels.describe()
print(json.dumps([exact, sum(e.is_start for _, e in recorder.buffer), said["cache"], said["tier"]]))
"""
# One kernel, where it went and whether it is there.
KERNEL = """
import json, pathlib
import numpy as np
from quantlab import kernels
kernels.pack(np.ones((1, 1), np.int8))
folder = pathlib.Path(kernels.describe()["cache"])
print(json.dumps([str(folder), bool(list(folder.rglob("*.nbc")))]))
"""


def run(folder, code=PRODUCT, **environment):
    """Run code in a process of its own over one cache folder."""
    before = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "QUANTLAB_"))}
    environment = before | {"NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(ROOT)} | environment
    command = [sys.executable, "-c", code]  # not from the project's folder, which would come first on the path
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder.parent, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_tiers_and_processors_share_a_cache_and_never_each_others_code(tmp_path):
    here = [t.name for t in tiers.available(tiers.features()) if not t.emulated][-2:]
    seen = set()
    for name in here * 2:
        exact, compiled, _, tier = run(tmp_path, QUANTLAB_KERNELS=name)
        assert exact
        assert tier == name
        assert (compiled > 0) == (name not in seen), f"{name} compiled {compiled} functions"
        seen.add(name)
    # The processor by another name, of which the cache must know nothing; plain, so that any can run it.
    other = {"NUMBA_CPU_NAME": "generic", "QUANTLAB_KERNELS": "plain"}
    exact, compiled, _, _ = run(tmp_path, **other)
    assert exact
    assert compiled > 0
    assert run(tmp_path, **other)[:2] == [True, 0]
    assert run(tmp_path, QUANTLAB_KERNELS="plain")[:2] == [True, 0]


def test_a_cache_that_cannot_be_written_is_replaced_by_a_private_one(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for variables in ({"NUMBA_CACHE_DIR": str(tmp_path / "file")}, {"XDG_CACHE_HOME": str(tmp_path / "file")}):
        folder, kept = run(tmp_path, KERNEL, **{"NUMBA_CACHE_DIR": "", "TMPDIR": str(tmp_path)} | variables)
        assert kept
        assert Path(folder).parent == tmp_path
        assert Path(folder).stat().st_mode & 0o077 == 0


def test_an_edited_source_has_a_cache_of_its_own(tmp_path):
    shutil.copytree(ROOT / "quantlab", tmp_path / "quantlab", ignore=shutil.ignore_patterns("__pycache__"))
    code = "import json; from quantlab.kernels.compilation import cache_folder; print(json.dumps(str(cache_folder())))"

    def folder():
        return run(tmp_path / "cache", code, PYTHONPATH=str(tmp_path), PYTHONDONTWRITEBYTECODE="1")

    before = folder()
    assert folder() == before
    helper = tmp_path / "quantlab" / "kernels" / "tiles.py"
    helper.write_text(helper.read_text() + "# edited\n")
    assert folder() != before


def test_no_kernel_indexes_beyond_an_array(tmp_path):
    # In a fresh cache, since the compiled code differs; what intrinsics touch is watched by fences instead.
    assert run(tmp_path, NUMBA_BOUNDSCHECK="1")[0]


def test_the_cases_above_have_edges_in_every_direction():
    assert all(np.array((7, 65, 33)) % (6, 16, 16) != 0)


SCALED = """
import json
import numpy as np
from numba.core import event
from quantlab import kernels
rng = np.random.default_rng(0)
right = True
with event.install_recorder("numba:compile") as recorder:
    for bits, kind in [(4, np.int8), (4, np.float32), (8, np.float32)]:
        codes, scale = rng.integers(-8, 8, (300, 50), dtype=np.int8), np.full((3, 50), 0.5, np.float16)
        packed = kernels.pack_scaled(codes, scale, -1, bits=bits, group_size=100)
        for rows in (1, 2, 5, 11):
            x = rng.integers(-128, 128, (rows, 300)).astype(kind)
            right &= bool((kernels.scaled_matmul(x, packed) == x.astype(int) @ (codes.astype(int) + 1) * 0.5).all())
print(json.dumps([right, sum(e.is_start for _, e in recorder.buffer)]))
"""


def test_kernels_on_scaled_weights_index_within_their_arrays_and_compile_once(tmp_path):
    right, compiled = run(tmp_path, SCALED, NUMBA_BOUNDSCHECK="1")
    assert right
    assert compiled > 0
    assert run(tmp_path, SCALED, NUMBA_BOUNDSCHECK="1") == [True, 0]


TRAINING = """
import json
import numpy as np
from numba.core import event
from quantlab.nn import Network, Recipe, Training, epochs, load, qat_epochs
data, start = load("moons").train, Network.drawn((2, 5, 7, 2))
training, losses = Training(epochs=1, batch=77), []
with event.install_recorder("numba:compile") as recorder:
    losses += [each.loss for each in epochs(start, data, training)]
    for per in ("tensor", "channel"):
        for learned in (False, True):
            recipe = Recipe(bits=4, per=per)
            losses += [each.loss for each in qat_epochs(start, data, recipe, training, learned_steps=learned)]
named = {str(e.data["dispatcher"].py_func.__module__) for _, e in recorder.buffer if e.is_start}
print(json.dumps([losses, sorted(name for name in named if name.endswith("kernels.training"))]))
"""


def test_training_indexes_within_its_memory_and_compiles_once(tmp_path):
    losses, compiled = run(tmp_path, TRAINING, NUMBA_BOUNDSCHECK="1")
    assert compiled == ["quantlab.kernels.training"]
    again, compiled = run(tmp_path, TRAINING, NUMBA_BOUNDSCHECK="1")
    assert compiled == []
    assert again == losses
