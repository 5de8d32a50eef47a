"""What every artifact has in common."""

from pydantic import BaseModel, ConfigDict


class Artifact(BaseModel):
    """A frozen value that crosses a stage boundary and can be stored."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", ser_json_inf_nan="constants", allow_inf_nan=True
    )
