"""Outputs of a cell, kept within a limit while the cell still runs."""

import re
from typing import Any, Literal

from nbclient import NotebookClient
from nbformat import NotebookNode

from grader.model import Output

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_MESSAGE_OVERHEAD = 64
_KEPT = ("text/plain", "text/html")
_KINDS: dict[str, Literal["result", "display"]] = {
    "execute_result": "result",
    "display_data": "display",
}


class BoundedClient(NotebookClient):  # type: ignore[misc]
    """A notebook client that forgets what exceeds the output limit of a cell."""

    def __init__(self, notebook: NotebookNode, *, output_bytes: int, **options: object) -> None:
        super().__init__(notebook, **options)
        self._limit = output_bytes
        self._left = output_bytes
        self.truncated = False
        """Whether output of the current cell was cut."""
        self.error: tuple[str, str] | None = None
        """Name and message of the current cell's error."""

    def begin_cell(self) -> None:
        """Give the next cell its own allowance."""
        self._left = self._limit
        self.truncated = False
        self.error = None

    def output(
        self,
        outs: list[NotebookNode],
        msg: dict[str, Any],
        display_id: str | None,
        cell_index: int,
    ) -> NotebookNode | None:
        """Keep one message if the allowance permits."""
        content = msg["content"]
        if msg["msg_type"] == "error":
            self.error = (str(content["ename"]), str(content["evalue"]))
        if self._left <= 0:
            self.truncated = True
            return None
        self._left -= _MESSAGE_OVERHEAD
        msg["content"] = self._trimmed(content)
        return super().output(outs, msg, display_id, cell_index)

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        """Replace what was displayed before; nbclient calls this for every such message."""
        left, self._left = self._left, self._limit
        msg["content"] = self._trimmed(msg["content"])
        self._left = left
        super()._update_display_id(display_id, msg)

    def _trimmed(self, content: dict[str, Any]) -> dict[str, Any]:
        if "text" in content:
            return {**content, "text": self._cut(str(content["text"]))}
        if "data" in content:
            data = content["data"]
            kept = {kind: self._cut(str(data[kind])) for kind in _KEPT if kind in data}
            return {**content, "data": kept, "metadata": {}}
        if "traceback" in content:
            return {**content, "traceback": [self._cut(str(each)) for each in content["traceback"]]}
        return content

    def _cut(self, text: str) -> str:
        kept = text.encode("utf-8", "replace")[: max(self._left, 0)].decode("utf-8", "ignore")
        self._left -= len(kept)
        if len(kept) < len(text):
            self.truncated = True
            self._left = 0
        return kept


def outputs_of(cell: NotebookNode, truncated: bool) -> tuple[Output, ...]:
    """Outputs of an executed cell, neighbouring printed text joined."""
    merged: list[tuple[str, list[str], str | None]] = []
    for each in cell.get("outputs", []):
        kind, text, html = _reduce(each)
        if merged and merged[-1][0] == kind and kind in ("stdout", "stderr"):
            merged[-1][1].append(text)
        else:
            merged.append((kind, [text], html))
    last = len(merged) - 1
    return tuple(
        Output.model_validate(
            {
                "kind": kind,
                "text": _displayed("".join(texts)),
                "html": html,
                "truncated": truncated and position == last,
            }
        )
        for position, (kind, texts, html) in enumerate(merged)
    )


def _reduce(output: NotebookNode) -> tuple[str, str, str | None]:
    kind = output["output_type"]
    if kind == "stream":
        return "stderr" if output["name"] == "stderr" else "stdout", output["text"], None
    if kind == "error":
        return "error", "\n".join(output["traceback"]), None
    data = output["data"]
    return _KINDS[kind], data.get("text/plain", ""), data.get("text/html")


def _displayed(text: str) -> str:
    """Text as a terminal leaves it: colours removed, overwritten lines gone."""
    lines = _ANSI.sub("", text).split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)
