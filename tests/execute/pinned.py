"""The honest sample as a student wrote it for transformers 4; much of it fails with 5."""

from pathlib import Path

import nbformat

from tests.cli.command import SAMPLES

CHANGES = {
    "import ViTImageProcessor\n": "import ViTFeatureExtractor\n",
    "processor = ViTImageProcessor.from": "processor = ViTFeatureExtractor.from",
    "    train_dataset=prepared_ds": "    tokenizer=processor,\n    train_dataset=prepared_ds",
    '    report_to="none",\n': '    report_to="none",\n    no_cuda=True,\n',
    "        inputs = clip_processor(text=prompts, images=batch": (
        '        words = clip_processor(text=prompts, return_tensors="pt", padding=True)\n'
        "        inputs = clip_processor(images=batch"
    ),
    "        probs = clip_model(**inputs).logits_per_image.softmax(dim=1)\n": (
        "        text = clip_model.get_text_features(**words)\n"
        "        image = clip_model.get_image_features(**inputs)\n"
        "        text, image = (x / x.norm(dim=-1, keepdim=True) for x in (text, image))\n"
        "        probs = (100 * image @ text.T).softmax(dim=1)\n"
    ),
}
"""What stands in the sample, and what in its place."""


def write(path: Path) -> None:
    """Write the notebook; its saved outputs are the sample's, and hold with both versions."""
    notebook = nbformat.read(SAMPLES / "honest.ipynb", as_version=4)
    left = dict(CHANGES)
    for cell in notebook.cells:
        for old in [each for each in left if each in cell.source]:
            cell.source = cell.source.replace(old, left.pop(old))
    assert not left, left
    nbformat.write(notebook, path)
