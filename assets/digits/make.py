"""Write the handwritten digits that the networks are trained and tested on.

Run from anywhere with NumPy and scikit-learn installed: ``python assets/digits/make.py``. It writes ``digits.npz``
beside itself: the images of scikit-learn's ``load_digits``, all of them, in its order, as the bytes that they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits


def main() -> None:
    """Store the digits and print how many there are of each."""
    digits = load_digits()
    images, labels = digits.data.astype(np.uint8), digits.target.astype(np.uint8)
    assert np.array_equal(images, digits.data), "a pixel is a whole number from 0 to 16"
    np.savez_compressed(Path(__file__).resolve().parent / "digits.npz", images=images, labels=labels)
    print(f"{len(images)} digits, of each: {np.bincount(labels).tolist()}")


if __name__ == "__main__":
    main()
