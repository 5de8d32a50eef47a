"""Find labs: ``rubrics/<lab>/lab.yaml``, and the one for notebooks that answer none."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from grader.config import data_folder
from grader.errors import LabError
from grader.model import Lab

__all__ = ["any_lab", "lab_names", "load_lab", "schema"]

FILE = "lab.yaml"
ANY = "any.json"


def lab_names(folder: Path | None = None) -> tuple[str, ...]:
    """Ids of the labs that exist, sorted."""
    root = folder or data_folder("rubrics")
    return tuple(sorted(path.parent.name for path in root.glob(f"*/{FILE}")))


@cache
def any_lab() -> Lab:
    """The evaluations people make most, for a notebook that answers no lab.

    Read by ``grader check`` and ``grader evidence`` where none is named; nothing is scored by it.
    """
    return Lab.model_validate_json((data_folder("rubrics") / ANY).read_bytes())


def load_lab(name: str, *, folder: Path | None = None, detectors: Sequence[str] = ()) -> Lab:
    """The lab of this name.

    Args:
        name: Id of the lab, or the path of a ``lab.yaml`` or of the folder it stands in.
        folder: Where labs are looked for; the shipped ones by default.
        detectors: Names a criterion may use; not checked when empty.

    Raises:
        LabError: If there is no such lab, or its file is malformed.
    """
    # A check of any notebook reads no YAML, which takes a while to import.
    from grader.labs.reading import nearest, read_lab

    given = Path(name)
    if given.suffix in (".yaml", ".yml"):
        return read_lab(given, detectors=detectors)
    if (given / FILE).is_file():
        return read_lab(given / FILE, detectors=detectors)
    path = (folder or data_folder("rubrics")) / name / FILE
    if not path.is_file():
        names = lab_names(folder)
        raise LabError(f"There is no lab {name!r}{nearest(name, names)} {_listed(names)}")
    return read_lab(path, detectors=detectors)


def schema() -> str:
    """JSON schema of ``lab.yaml``, for editors; checked in as ``rubrics/lab.schema.json``."""
    return json.dumps(Lab.model_json_schema(), indent=2) + "\n"


def _listed(names: Sequence[str]) -> str:
    return f"Labs: {', '.join(names)}." if names else "No labs are installed."
