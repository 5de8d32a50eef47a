"""Everything a notebook downloads, laid out on this machine under the ids it is known by.

The ``tiny`` profile draws its datasets and serves small checkpoints trained on drawings; all of it
stands in for the published assets, and works without a network.
"""

from grader.assets.home import AssetHome
from grader.assets.preparation import PROFILES, cache_folder, prepare

__all__ = ["PROFILES", "AssetHome", "cache_folder", "prepare"]
