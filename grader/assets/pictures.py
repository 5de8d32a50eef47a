"""Eight pictures that scikit-image is installed with, and files of installed packages at large.

Nothing of them ships with the grader: a notebook reads them where the package keeps them.
"""

import importlib.util
from pathlib import Path

from msgspec import Struct

_PACKAGED = "package:"
_PUBLISHED = "https://github.com/scikit-image/scikit-image/raw/v0.22.0/skimage/data/"
"""Before the package moved its files, so that the address is older than any course."""


class Picture(Struct, frozen=True, kw_only=True):
    """One of the pictures."""

    file: str
    """Its name in ``skimage.data_dir``."""

    caption: str
    """What the notebook published with CLIP says of it."""

    licence: str
    """As scikit-image states it: an SPDX name, ``public domain``, or ``unknown``."""

    @property
    def address(self) -> str:
        """Where it is published."""
        return _PUBLISHED + self.file

    @property
    def place(self) -> str:
        """Where it is installed, as ``Source.place`` says it."""
        return f"{_PACKAGED}skimage/data/{self.file}"


PICTURES = (
    Picture(file="coffee.png", caption="a cup of coffee on a saucer", licence="CC0-1.0"),
    Picture(file="horse.png", caption="a black-and-white silhouette of a horse", licence="CC0-1.0"),
    Picture(file="rocket.jpg", caption="a rocket standing on a launchpad", licence="public domain"),
    # Its makers at Middlebury College ask to be cited (Scharstein et al., GCPR 2014).
    Picture(
        file="motorcycle_right.png",
        caption="a red motorcycle standing in a garage",
        licence="unknown",
    ),
    Picture(file="chelsea.png", caption="a facial photo of a tabby cat", licence="CC0-1.0"),
    Picture(
        file="camera.png", caption="a person looking at a camera on a tripod", licence="CC0-1.0"
    ),
    Picture(file="page.png", caption="a page of text about segmentation", licence="unknown"),
    Picture(
        file="astronaut.png",
        caption="a portrait of an astronaut with the American flag",
        licence="public domain",
    ),
)
"""In the order of the published similarity matrices."""


def is_packaged(place: str) -> bool:
    """Whether a place names a file of an installed package."""
    return place.startswith(_PACKAGED)


def packaged_file(place: str) -> Path:
    """Where a file of an installed package stands; it need not exist.

    Args:
        place: E.g. ``package:skimage/data/chelsea.png``.
    """
    package, _, inside = place.removeprefix(_PACKAGED).partition("/")
    # Finds it without importing it.
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or [package]
    return Path(folders[0], inside)
