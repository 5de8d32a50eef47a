"""A small home with what notebooks of lab module08-vlm load: run as a script."""

import json
import shutil
import sys
from pathlib import Path

from grader.assets.scene_rows import DrawnScenes, write_captions

SCENES = DrawnScenes(id="yerevann/coco-karpathy", splits={"validation": 20})
MODELS = (
    "openai/clip-vit-base-patch32",
    "Salesforce/blip-image-captioning-base",
    "Salesforce/blip-vqa-base",
)
CHECKPOINTS = Path(__file__).parents[2] / "reference/assets/models"
COMMIT = "0" * 40


def main(root: Path) -> None:
    for name in MODELS:
        folder = name.replace("/", "--")
        home = root / "hub" / f"models--{folder}"
        shutil.copytree(CHECKPOINTS / folder, home / "snapshots" / COMMIT)
        (home / "refs").mkdir()
        (home / "refs/main").write_text(COMMIT)
    write_captions(SCENES, root / "datasets/coco")
    (root / "urls").mkdir()
    urls = {}
    for row, (address, content) in enumerate(SCENES.pictures("validation")):
        urls[address] = f"urls/{row}.jpg"
        (root / urls[address]).write_bytes(content)
    serving = {
        "profile": "tiny",
        "models": MODELS,
        "datasets": {SCENES.id: {"id": SCENES.id, "path": "datasets/coco"}},
        "metrics": {},
        "urls": urls,
    }
    (root / "serving.json").write_text(json.dumps(serving))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
