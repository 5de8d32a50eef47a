"""Everything a notebook downloads, laid out on this machine under the ids it is known by.

The ``tiny`` profile draws its datasets and serves small checkpoints trained on drawings; all of it
stands in for the published assets, and works without a network. The ``full`` profile serves the
published ones, as they lie in the user's Hugging Face cache; only ``pull`` ever downloads.
"""

from grader.assets.condition import Condition, State, UnfitAsset, pull_command
from grader.assets.home import AssetHome
from grader.assets.inspection import inspect
from grader.assets.preparation import PROFILES, prepare
from grader.assets.pulling import pull
from grader.assets.truth import Row, Truth, image_digest, pixels_digest
from grader.config import cache_folder

__all__ = [
    "PROFILES",
    "AssetHome",
    "Condition",
    "Row",
    "State",
    "Truth",
    "UnfitAsset",
    "cache_folder",
    "image_digest",
    "inspect",
    "pixels_digest",
    "prepare",
    "pull",
    "pull_command",
]
