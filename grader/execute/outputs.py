"""Outputs of a cell, kept within limits while the cell still runs."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode

from grader.model import Limits, Output

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_MESSAGE_OVERHEAD = 64
_ERROR_BYTES = 1 << 16
_KEPT = ("text/plain", "text/html")
_KINDS: dict[str, Literal["result", "display"]] = {
    "execute_result": "result",
    "display_data": "display",
}


class BoundedClient(NotebookClient):  # type: ignore[misc]
    """A notebook client that forgets what exceeds the output limits."""

    def __init__(self, notebook: NotebookNode, *, limits: Limits, **options: object) -> None:
        super().__init__(notebook, on_cell_executed=self._note_reply, **options)
        self._limits = limits
        self._run_left = limits.run_output_bytes
        self._allowed = 0
        self._left = 0
        self._count = 0
        self._folded = False
        self.truncated = False
        """Whether output of the current cell was cut."""
        self._saw_end = True
        self.error: tuple[str, str] | None = None
        """Name and message of the current cell's error."""
        self.exits = False
        """Whether the current cell asked the kernel to end, as ``exit()`` does."""

    def begin_cell(self) -> None:
        """Give the next cell its own allowance, or what the cells before left of the whole."""
        self._run_left -= self._allowed - max(self._left, 0)
        self._allowed = min(self._limits.output_bytes, self._run_left)
        self._start_over()
        self.truncated = False
        self.error = None
        self.exits = False
        self._saw_end = False

    def end_cell(self, lost: int) -> None:
        """Note what never arrived.

        Args:
            lost: Messages of the cell that were too large to be read.
        """
        self.truncated = self.truncated or lost > 0 or not self._saw_end

    def _note_reply(self, execute_reply: dict[str, Any], **_: object) -> None:
        content = execute_reply["content"]
        if content["status"] == "error" and self.error is None:
            # The message that shows it got lost, for want of a descriptor for instance.
            self.error = (str(content["ename"]), str(content["evalue"]))
        for each in content.get("payload", ()):
            if each["source"] == "ask_exit" and not each.get("keepkernel"):
                self.exits = True

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Take one message of the current cell."""
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            self._saw_end = True
            raise

    def _start_over(self) -> None:
        self._left = self._allowed
        self._count = 0
        self._folded = False

    def output(
        self,
        outs: list[NotebookNode],
        msg: dict[str, Any],
        display_id: str | None,
        cell_index: int,
    ) -> NotebookNode | None:
        """Keep one message if the allowance permits; an error is always kept."""
        content = msg["content"]
        if not outs or self.clear_before_next_output:
            # What was cleared is not kept, so it does not count.
            self._start_over()
        if msg["msg_type"] == "error":
            self.error = (str(content["ename"]), str(content["evalue"]))
            self._left = max(self._left, _ERROR_BYTES)
        elif not self._fits(outs, msg, cell_index):
            self.truncated = True
            return None
        self._left -= _MESSAGE_OVERHEAD
        msg["content"] = self._trimmed(content)
        return super().output(outs, msg, display_id, cell_index)

    def _fits(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> bool:
        if self._left <= _size(msg["content"]) and not self._folded:
            self._fold(outs)
            # Outputs have moved, so what was displayed before can no longer be replaced.
            self.clear_display_id_mapping(cell_index)
        if self._left <= 0:
            return False
        if msg["msg_type"] == "stream" and outs and _stream(outs[-1]) == msg["content"]["name"]:
            return True
        self._count += 1
        return self._count <= self._limits.outputs

    def _fold(self, outs: list[NotebookNode]) -> None:
        """Give back what a progress bar has overwritten; not again unless that was a lot."""
        joined: list[NotebookNode] = []
        for each in outs:
            name = _stream(each)
            if joined and name is not None and _stream(joined[-1]) == name:
                joined[-1]["text"].append(each["text"])
            else:
                joined.append(each)
                if name is not None:
                    each["text"] = [each["text"]]
        for each in joined:
            if _stream(each) is not None:
                each["text"] = _overwritten("".join(each["text"]))
        outs[:] = joined
        self._left = self._allowed - sum(_size(each) for each in joined)
        self._folded = self._left < self._allowed // 2

    def handle_comm_msg(
        self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int
    ) -> None:
        """Keep no state of widgets: there is no limit to it, and nothing reads it."""

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        """Replace what was displayed before; nbclient calls this for every such message."""
        left, self._left = self._left, self._allowed
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
        whole = text.encode("utf-8", "replace")
        kept = whole[: max(self._left, 0)]
        self._left -= len(kept)
        if len(kept) < len(whole):
            self.truncated = True
            self._left = 0
        return kept.decode("utf-8", "ignore")


def outputs_of(cell: NotebookNode, truncated: bool) -> tuple[Output, ...]:
    """Outputs of an executed cell, neighbouring printed text joined.

    The note that something was cut stands at the last output, where an empty one is made if
    nothing at all was kept.
    """
    merged: list[tuple[str, list[str], str | None]] = []
    for each in cell.get("outputs", []):
        kind, text, html = _reduce(each)
        if merged and merged[-1][0] == kind and kind in ("stdout", "stderr"):
            merged[-1][1].append(text)
        else:
            merged.append((kind, [text], html))
    if truncated and not merged:
        merged.append(("stdout", [], None))
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


def _stream(output: NotebookNode) -> str | None:
    """Name of the stream an output was printed to."""
    return str(output["name"]) if output["output_type"] == "stream" else None


def _size(output: Mapping[str, Any]) -> int:
    """Bytes of what is kept of an output or of a message's content."""
    data = output.get("data", {})
    texts = [output.get("text", ""), *(data.get(kind, "") for kind in _KEPT)]
    texts += output.get("traceback", ())
    return _MESSAGE_OVERHEAD + sum(len(str(text).encode("utf-8", "replace")) for text in texts)


def _displayed(text: str) -> str:
    """Text as a terminal leaves it: colours removed, overwritten lines gone."""
    return _overwritten(_ANSI.sub("", text), final=True)


def _overwritten(text: str, *, final: bool = False) -> str:
    """Text without the lines a carriage return takes back; more may follow unless ``final``."""
    *lines, last = text.split("\n")
    kept = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
    ending = "" if final or not last.endswith("\r") else "\r"
    return "\n".join([*kept, last.rstrip("\r").rpartition("\r")[2] + ending])
