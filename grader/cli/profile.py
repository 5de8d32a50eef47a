"""The option ``--profile``: which assets a lab is run with."""

import click

from grader.model import Lab

__all__ = ["profile_option", "with_profile"]

profile_option = click.option(
    "--profile",
    # as grader.assets.PROFILES, whose import a static check must not pay
    type=click.Choice(["tiny", "full"]),
    help="Assets to serve: shipped stand-ins, or what was published; as the lab says by default.",
)


def with_profile(lab: Lab, profile: str | None) -> Lab:
    """The lab, run with this profile if one is given."""
    return lab if profile is None else lab.model_copy(update={"profile": profile})
