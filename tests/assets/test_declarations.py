"""What ``lab.yaml`` may say of assets."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from grader.config import data_folder
from grader.errors import LabError
from grader.labs.reading import read_lab
from grader.model import Asset

SHIPPED = data_folder("rubrics") / "week9-vit-clip" / "lab.yaml"


def test_the_short_form_is_enough() -> None:
    asset = Asset.model_validate({"id": "google/vit", "kind": "model"})

    assert (asset.revision, asset.licence, asset.names) == ("main", "unknown", ("google/vit",))
    assert asset.tiny == asset.full
    assert asset.tiny.digest == ""


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("{id: beans, kind: dataset}", "the dataset 'beans' is declared twice"),
        ("{id: ftp://a/b, kind: url, tiny: {place: a}}", "no address: it begins with http://"),
        ("{id: 'https://a/b', kind: url}", "an address needs `tiny: {place:"),
        ("{id: a/b, kind: modle}", "'modle' is not allowed; did you mean 'model'?"),
        ("{id: a/b, kind: model, revison: main}", "did you mean 'revision'?"),
        ("{id: a/b, kind: model, full: {digest: abc}}", "should match pattern"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_line(
    tmp_path: Path, declared: str, said: str
) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert text.count("\nlimits:") == 1
    path = tmp_path / "lab.yaml"
    path.write_text(text.replace("\nlimits:", f"  - {declared}\n\nlimits:", 1), encoding="utf-8")
    line = path.read_text(encoding="utf-8").splitlines().index(f"  - {declared}") + 1

    with pytest.raises(LabError) as caught:
        read_lab(path)
    assert f"{path}:{line}: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("revision", ["../other", "a/../b", "/etc", "", "a b", "-x"])
def test_a_revision_never_leads_out_of_its_folder(revision: str) -> None:
    with pytest.raises(ValidationError):
        Asset.model_validate({"id": "a/b", "kind": "model", "revision": revision})


@pytest.mark.parametrize("revision", ["main", "v1.0", "refs/convert/parquet", "0" * 40])
def test_branches_tags_and_commits_are_revisions(revision: str) -> None:
    asset = Asset.model_validate({"id": "a/b", "kind": "model", "revision": revision})
    assert asset.revision == revision
