"""Install every hook, once, in the fork server."""

from . import assets, forwards, metrics, training
from .recorder import RECORDER


def install() -> None:
    """Wrap the functions whose use is recorded."""
    assets.install(RECORDER)
    metrics.install(RECORDER)
    training.install(RECORDER)
    forwards.install(RECORDER)
