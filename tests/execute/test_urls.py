"""Addresses a lab serves are answered from files, whichever library asks; others are not."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from grader.evidence.recording import parse
from grader.execute import ForkSandbox, RunOptions
from grader.model import Limits, Run
from tests.execute.conftest import notebook, printed

pytestmark = pytest.mark.sandbox

HOST = "http://images.cocodataset.org/val2014"
PLAIN = f"{HOST}/COCO_val2014_000000184613.jpg"
ESCAPED = f"{HOST}/COCO\\_val2014.jpg"
ASKING = "https://pictures.example.org/odd name.png?w=1"
NOWHERE = "http://nowhere.example.org/x.jpg"
CELLS = (
    "import requests, urllib.request\nfrom io import BytesIO\nfrom PIL import Image\n"
    f"URL = {PLAIN!r}\n"
    "answer = requests.get(URL, timeout=10)\n"
    "print(answer.status_code, answer.url == URL, answer.headers['content-type'])\n"
    "print(Image.open(BytesIO(answer.content)).size)\n"
    "print(Image.open(requests.get(URL, stream=True).raw).size)\n"
    "with requests.Session() as session:\n"
    "    pieces = session.get(URL, stream=True).iter_content(100)\n"
    "    print(b''.join(pieces) == answer.content, session.head(URL).content)\n"
    "print(requests.get(URL.replace('http:', 'https:')).ok)",
    f"print(requests.get({ESCAPED!r}).ok)\n"
    "print(requests.get('https://pictures.example.org/odd name.png', params={'w': 1}).ok)",
    "urllib.request.urlretrieve(URL, 'picture.jpg')\nprint(Image.open('picture.jpg').size)\n"
    "with urllib.request.urlopen(urllib.request.Request(URL)) as answer:\n"
    "    print(answer.status, answer.geturl() == URL, answer.info().get_content_type())",
    "import httpx2\nfrom transformers.image_utils import load_image\n"
    "print(load_image(URL).size, httpx2.get(URL).status_code)\n"
    "async with httpx2.AsyncClient() as client: print((await client.get(URL)).status_code)",
    "import datasets\n"
    "rows = datasets.Dataset.from_dict({'image': [URL]}).cast_column('image', datasets.Image())\n"
    "print(rows[0]['image'].size)",
    "try: requests.post(URL, data={'a': 1})\nexcept requests.ConnectionError: print('not sent')",
    f"requests.get({NOWHERE!r}, timeout=3)",
)
REQUESTS, ODD, URLLIB, HTTPX, DATASETS, POST, ELSEWHERE = range(len(CELLS))


@pytest.fixture(scope="module")
def run(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    home = tmp_path_factory.mktemp("urls") / "home"
    shutil.copytree(assets, home)
    Image.new("RGB", (40, 30), (200, 10, 10)).save(home / "picture.jpg")
    serving = json.loads((home / "serving.json").read_text())
    serving["urls"] = dict.fromkeys((PLAIN, ESCAPED, ASKING), "picture.jpg")
    (home / "serving.json").write_text(json.dumps(serving))
    with ForkSandbox(home, "tiny") as sandbox:
        limits = Limits(cell_seconds=60, run_seconds=120)
        yield sandbox.run(notebook(*CELLS), RunOptions(limits=limits))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (REQUESTS, "200 True image/jpeg\n(40, 30)\n(40, 30)\nTrue b''\nTrue"),
        (ODD, "True\nTrue"),
        (URLLIB, "(40, 30)\n200 True image/jpeg"),
        (HTTPX, "(40, 30) 200\n200"),
        (DATASETS, "(40, 30)"),
        (POST, "not sent"),
    ],
)
def test_every_way_of_asking_is_answered(run: Run, cell: int, expected: str) -> None:
    assert run.cells[cell].error is None
    assert printed(run, cell) == expected


def test_an_address_that_is_not_served_is_an_environment_outcome(run: Run) -> None:
    assert run.cells[ELSEWHERE].outcome == "error"
    assert run.outcome == "environment"
    assert "nowhere.example.org" in run.message


def test_each_is_recorded_once_a_cell(run: Run) -> None:
    recording = parse(run.events, run.recorder_complete)
    assert run.recorder_complete
    assert [(each.cell, each.asset) for each in recording.loads if each.kind == "url"] == [
        (REQUESTS, PLAIN),
        (ODD, ESCAPED),
        (ODD, ASKING),
        (URLLIB, PLAIN),
        (HTTPX, PLAIN),
        (DATASETS, PLAIN),
    ]
