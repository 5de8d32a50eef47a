"""Train the checkpoints of the ``tiny`` profile: ``python reference/assets/train.py [FOLDER]``.

Everything is drawn and seeded, and one thread is used, so that a machine of the same kind gives
the same weights. Takes about ten minutes on one core: four for CLIP and six for ViT. Without a
folder the checkpoints shipped in ``models`` are replaced.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from clip import train_clip
from vit import train_vit

MODELS: dict[str, Callable[[Path], None]] = {
    "google--vit-base-patch16-224-in21k": train_vit,
    "openai--clip-vit-base-patch32": train_clip,
}
"""Training function by folder, which is the published id with ``--`` for ``/``."""


def main() -> None:
    """Train every checkpoint."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    models = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "models"
    for name, train in MODELS.items():
        folder = models / name
        folder.mkdir(parents=True, exist_ok=True)
        train(folder)
        print(f"{name}: {sum(file.stat().st_size for file in folder.iterdir()):,} bytes")


if __name__ == "__main__":
    main()
