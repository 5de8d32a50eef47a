"""Whether a record of reference runs may stand beside a run: what it was made with."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from grader.model import Lab, Machine, ReferenceRecord, Task

__all__ = ["Present", "misfit", "other_assets", "renewing", "warnings"]


class Present(Struct, frozen=True, kw_only=True):
    """What this run was made with; ``None`` is unknown and gives no warning."""

    machine: Machine | None = None
    """Where it ran."""

    revisions: Mapping[str, str] | None = None
    """Commits of what was downloaded, by id."""

    notebook: str | None = None
    """Digest of the staff notebook as it stands."""


def renewing(lab: str, profile: str) -> str:
    """The command that makes a record anew."""
    return f"grader reference run {lab} --profile {profile}"


def misfit(record: ReferenceRecord, lab: Lab) -> str | None:
    """Why a record is not of this lab and profile, if it is not; nothing is compared with it."""
    for what, there, here in (
        ("lab", record.lab, lab.id),
        ("profile", record.profile, lab.profile),
        ("profile of the runs", record.machine.profile, lab.profile),
    ):
        if there != here:
            return f"The recorded reference is of the {what} {there!r}, not {here!r}."
    return None


def other_assets(record: ReferenceRecord, lab: Lab, task: Task, present: Present) -> str | None:
    """Which model or dataset of a task the reference had in another version, if any."""
    of_task = {*task.models, *task.datasets}
    for each in lab.assets:
        if of_task & {*each.names} and (changed := _changed(record, lab, each.id, present)):
            return f"The reference was made with another version of {each.id} ({changed})."
    return None


def warnings(record: ReferenceRecord, lab: Lab, present: Present) -> tuple[str, ...]:
    """What the reference was made with that this run was not; plain sentences, with the remedy."""
    said = [*_versions(record, present), *_made_of(record, lab, present)]
    if said:
        said.append(f"`{renewing(lab.id, lab.profile)}` makes the record anew.")
    return tuple(said)


def _versions(record: ReferenceRecord, present: Present) -> Iterator[str]:
    if present.machine is None:
        return
    here, there = present.machine.versions, record.machine.versions
    changed = [
        f"{name} {there[name]} (here {here[name]})"
        for name in there
        if name in here and here[name] != there[name]
    ]
    if changed:
        yield f"The reference runs had {', '.join(changed)}."


def _made_of(record: ReferenceRecord, lab: Lab, present: Present) -> Iterator[str]:
    if record.lab_version is None:
        yield "The record of the reference runs has an older form and does not say what they had."
    elif record.lab_version != lab.version:
        yield f"The reference is of version {record.lab_version} of the lab, not {lab.version}."
    if present.notebook is not None and present.notebook != record.notebook:
        yield "The staff notebook has changed since the reference runs."
    for each in lab.assets:
        if changed := _changed(record, lab, each.id, present):
            yield f"The reference runs had another version of {each.id}: {changed}."


def _changed(record: ReferenceRecord, lab: Lab, asset: str, present: Present) -> str | None:
    """Both versions of an asset, where they are known and differ."""
    there = record.assets.get(asset)
    here = (present.revisions or {}).get(asset) or _declared(lab, asset)
    comparable = there and here and there.startswith("sha256:") == here.startswith("sha256:")
    if not comparable or there == here:
        return None
    return f"{_short(there)}, here {_short(here)}"


def _declared(lab: Lab, asset: str) -> str | None:
    found = next((each for each in lab.assets if each.id == asset), None)
    if found is None:
        return None
    return (found.tiny if lab.profile == "tiny" else found.full).digest or None


def _short(version: str | None) -> str:
    return (version or "").removeprefix("sha256:")[:12]
