"""The checked-in JSON schemas; ``python -m tests.schemas write`` renews them."""

import json
import sys
from pathlib import Path

from grader import labs
from grader.model import EvidenceFile, Results

ROOT = Path(__file__).parent.parent


def schemas() -> dict[Path, str]:
    """Content of every schema file."""
    results = json.dumps(Results.model_json_schema(by_alias=True), indent=2) + "\n"
    evidence = json.dumps(EvidenceFile.model_json_schema(by_alias=True), indent=2) + "\n"
    return {
        ROOT / "rubrics" / "lab.schema.json": labs.schema(),
        ROOT / "docs" / "results.schema.json": results,
        ROOT / "docs" / "evidence.schema.json": evidence,
    }


if __name__ == "__main__" and sys.argv[1:] == ["write"]:
    for path, text in schemas().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
