"""Train the shipped checkpoints: ``python reference/assets/train.py [FOLDER [NAME...]]``.

Everything is drawn and seeded, and one thread is used, so that a machine of the same kind gives
the same weights. Takes about fifty minutes on one core. Without a folder the checkpoints shipped in
``models`` are replaced.
"""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from blip import train_answerer, train_captioner
from clip import train_clip
from clip_sizes import train_size
from scene_clip import train_scene_clip
from vit import train_vit

MODELS: dict[str, Callable[[Path], None]] = {
    "google--vit-base-patch16-224-in21k": train_vit,
    "openai--clip-vit-base-patch32": train_clip,
    "openai--clip-vit-base-patch32@scenes": train_scene_clip,
    "openai--clip-vit-base-patch32@pictures": partial(train_size, "openai/clip-vit-base-patch32"),
    "openai--clip-vit-base-patch16": partial(train_size, "openai/clip-vit-base-patch16"),
    "openai--clip-vit-large-patch14": partial(train_size, "openai/clip-vit-large-patch14"),
    "Salesforce--blip-image-captioning-base": train_captioner,
    "Salesforce--blip-vqa-base": train_answerer,
}
"""Training function by folder, which is the published id with ``--`` for ``/``. The second of the
two BLIPs starts from the first."""


def main() -> None:
    """Train every checkpoint, or those named after the folder."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    models = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "models"
    for name in sys.argv[2:] or MODELS:
        folder = models / name
        folder.mkdir(parents=True, exist_ok=True)
        MODELS[name](folder)
        print(f"{name}: {sum(file.stat().st_size for file in folder.iterdir()):,} bytes")


if __name__ == "__main__":
    main()
