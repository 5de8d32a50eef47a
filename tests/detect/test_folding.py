"""What follows from one flaw is told once; plug-ins that break are seen and stop nothing."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from grader.detect import Detector, Sighting, detect, detector, load_detectors, registry
from grader.model import (
    Case,
    Confidence,
    EvidenceKind,
    EvidenceRef,
    Severity,
    say,
)
from tests import build

SOURCE = frozenset({EvidenceKind.SOURCE})


def seen(
    name: str,
    code: str,
    *,
    severity: Severity = "major",
    confidence: Confidence = Confidence.LIKELY,
    task: str | None = "vit",
    follows: frozenset[str] = frozenset(),
) -> Detector:
    @detector(code=code, name=name, requires=SOURCE, since="1", severity=severity, follows=follows)
    def find(case: Case) -> Iterator[Sighting]:
        """See it."""
        yield Sighting(
            severity=severity,
            confidence=confidence,
            task=task,
            message=say("{n} seen.", n=1),
            measured="",
            remedy="",
            sure="",
            evidence=(EvidenceRef(kind=EvidenceKind.SOURCE, cell=0, line=1),),
        )

    return find


def told(*detectors: Detector) -> tuple[list[str], list[str]]:
    found = detect(build.case("x = 1"), detectors)
    return [one.name for one in found.findings], [one.name for one in found.folded]


CAUSE = seen("one-sample", "SMP901", severity="invalid", confidence=Confidence.CERTAIN)


def test_a_consequence_is_folded_under_its_cause() -> None:
    other = seen("bad-number", "NUM901", follows=frozenset({"one-sample"}))
    assert told(CAUSE, other) == (["one-sample"], ["bad-number"])
    (folded,) = detect(build.case("x = 1"), [CAUSE, other]).folded
    assert folded.under == "SMP901"


def test_a_cause_reaches_over_another_detector() -> None:
    middle = seen("middle", "OUT901", follows=frozenset({"one-sample"}), task="clip")
    last = seen("last", "OUT902", follows=frozenset({"middle"}))
    assert told(CAUSE, middle, last) == (["one-sample", "middle"], ["last"])


@pytest.mark.parametrize(
    "other",
    [
        seen("of-another-task", "NUM902", task="clip", follows=frozenset({"minor-cause"})),
        seen("graver", "NUM903", severity="major", follows=frozenset({"minor-cause"})),
        seen(
            "surer",
            "NUM904",
            severity="minor",
            confidence=Confidence.CERTAIN,
            follows=frozenset({"minor-cause"}),
        ),
    ],
    ids=lambda each: each.name,
)
def test_what_is_graver_surer_or_elsewhere_stands_for_itself(other: Detector) -> None:
    cause = seen("minor-cause", "SMP902", severity="minor")
    assert set(told(cause, other)[0]) == {"minor-cause", other.name}


def test_causes_in_a_circle_hide_each_other_never() -> None:
    one = seen("one", "SMP903", follows=frozenset({"other"}))
    other = seen("other", "SMP904", follows=frozenset({"one"}))
    assert told(one, other)[0] != []


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A plug-in on the path, as another package would install it."""
    name = "grader_plug_in_for_tests"
    monkeypatch.syspath_prepend(tmp_path)
    info = tmp_path / f"{name}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    entry = f"[{registry.GROUP}]\nspare = {name}\nbroken = {name}_that_is_missing\n"
    (info / "entry_points.txt").write_text(entry)
    (tmp_path / f"{name}.py").write_text(
        "from grader.detect import Sighting, detector\n"
        "from grader.model import EvidenceKind\n"
        "@detector(code='XTR001', name='spare-detector', since='1', "
        "requires=frozenset({EvidenceKind.SOURCE}))\n"
        "def spare(case):\n"
        "    '''Sees nothing.'''\n"
        "    return iter(())\n"
    )
    load_detectors.cache_clear()
    yield name
    load_detectors.cache_clear()


def test_a_plug_in_is_one_of_the_detectors(plug_in: str) -> None:
    assert "spare-detector" in [each.name for each in load_detectors()]


def test_a_plug_in_that_cannot_be_imported_is_reported(plug_in: str) -> None:
    found = detect(build.case("x = 1"), load_detectors())
    (silent,) = [one for one in found.unassessed if one.code == registry.BROKEN]
    assert "The plug-in broken could not be loaded: ModuleNotFoundError" in silent.reason
    assert "spare-detector" in found.clear


def test_an_entry_point_that_holds_no_detector_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint(name="empty", value="math", group=registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    load_detectors.cache_clear()
    try:
        (broken,) = [each for each in load_detectors() if each.code == registry.BROKEN]
    finally:
        load_detectors.cache_clear()
    assert "math holds no detector" in broken.explanation
