"""Reference runs made of recorded facts, as evidence and as a record."""

from datetime import date
from functools import cache

from grader.compare.reference import Circumstances, record
from grader.model import Evidence, Machine, Published, ReferenceRecord
from tests import build

MACHINE = Machine(
    python="3.11.7",
    platform="Linux",
    device="cpu",
    cores=1,
    sandbox="none",
    seed=1,
    profile="tiny",
    versions={"torch": "2.13.0", "transformers": "5.23.0"},
)
CIFAR = build.TRUTH["uoft-cs/cifar10", "test"]
CLIP = "openai/clip-vit-base-patch32"
ZERO_SHOT = """# Task 2: CLIP, zero-shot
names = load_dataset("uoft-cs/cifar10", split="test").features["label"].names
prompts = [f"a photo of a {name}" for name in names]
inputs = clip_processor(text=prompts, images=images, return_tensors="pt", padding=True)
accuracy_score(y_true, y_pred)
"""


def answers(wrong: int, every: int = 9, n: int = 2000, start: int = 0) -> list[int]:
    """Predictions of CIFAR-10 rows; of each ``every`` rows one is wrong, ``wrong`` in all."""
    rows = range(0, 2000, every)[:wrong]
    return [(CIFAR[row] + (row in rows)) % 10 for row in range(start, start + n)]


def zero_shot(predictions: list[int], *, start: int = 0, source: str = ZERO_SHOT) -> Evidence:
    """A submission that scored CLIP on CIFAR-10 rows from ``start`` on."""
    labels = list(CIFAR[start : start + len(predictions)])
    facts = [
        {"forward": {"cell": 1, "model": CLIP, "rows": len(labels), "training": False}},
        {
            "metric": {
                "cell": 1,
                "library": "sklearn",
                "function": "accuracy_score",
                "y_true": labels,
                "y_pred": predictions,
            }
        },
    ]
    cells = (build.text(0, "# Task 2: CLIP"), build.code(1, source))
    return build.case(*cells, recorded=facts).evidence


def staff(vit_wrong: int, clip_wrong: int = 200) -> Evidence:
    """One run of a staff notebook: a trained ViT, and CLIP as ``zero_shot``."""
    vit = [0] * 43 + [1] * 43 + [2] * 42
    guessed = [(label + (row < vit_wrong)) % 3 for row, label in enumerate(vit)]
    facts = [
        {
            "trainer": {
                "cell": 0,
                "method": "predict",
                "rows": 128,
                "model": "google/vit-base-patch16-224-in21k",
                "dataset": "AI-Lab-Makerere/beans",
                "split": "test",
                "is_training_data": False,
                "y_true": vit,
                "y_pred": guessed,
            }
        },
        {"forward": {"cell": 1, "model": CLIP, "rows": 2000, "training": False}},
        {
            "metric": {
                "cell": 1,
                "library": "sklearn",
                "function": "accuracy_score",
                "y_true": list(CIFAR),
                "y_pred": answers(clip_wrong),
            }
        },
    ]
    return build.case(
        build.code(0, "# Task 1: ViT\ntrainer.predict(test)"),
        build.code(1, ZERO_SHOT),
        recorded=facts,
    ).evidence


@cache
def recorded() -> ReferenceRecord:
    """A record of three runs: ViT gets 10, 12 and 14 of 128 wrong, CLIP 200 of 2,000."""
    runs = {seed: staff(wrong) for seed, wrong in ((1, 10), (2, 12), (3, 14))}
    return record(build.lab(), runs, circumstances())


def circumstances() -> Circumstances:
    """Where the runs are said to have been made."""
    figure = Published(
        task="clip", metric="accuracy", value=0.8895, n=10000, source="course report"
    )
    return Circumstances(
        machine=MACHINE, on=date(2026, 1, 1), cpu="a processor", published=(figure,)
    )
