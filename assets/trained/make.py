"""Train the small network whose first layer is the built-in array "trained".

Run at the project's root: ``python -m assets.trained.make``. It rewrites ``trained_layer.npy`` beside itself and prints
the accuracy on the digits that the network has not seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from quantlab.nn import Network, accuracy, load, train


def main() -> None:
    """Train the default network on the default split, store its first layer, and print what it reaches."""
    data = load("digits")
    network = train(Network.drawn(), data.train)
    np.save(Path(__file__).resolve().parent / "trained_layer.npy", network.layers[0].weight)
    print(f"{accuracy(network(data.test.x), data.test.labels):.1%} of {len(data.test.x)} held-out digits")


if __name__ == "__main__":
    main()
