"""A Hugging Face Hub on this machine: just what downloading a snapshot asks of it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

from tests.assets.published import COMMIT, blob_name

Repositories = Mapping[str, Mapping[str, bytes]]
"""Files by ``models/<id>`` or ``datasets/<id>``."""


class Hub(ThreadingHTTPServer):
    """Answers for these repositories, and remembers what it was asked for and sent."""

    daemon_threads = True

    def __init__(self, repositories: Repositories) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories = repositories
        self.asked: list[str] = []
        self.sent: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving(repositories: Repositories) -> Iterator[Hub]:
    with Hub(repositories) as hub:
        Thread(target=hub.serve_forever, daemon=True).start()
        try:
            yield hub
        finally:
            hub.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        self.server.asked.append(path)
        if path.startswith("api/"):
            name, _, rest = path.removeprefix("api/").partition("/revision/")
            name, _, tree = name.partition("/tree/")
            self._describe(name, rest=rest, tree=tree)
        else:
            name, _, rest = path.partition("/resolve/")
            kind = name if name.startswith("datasets/") else f"models/{name}"
            self._send_file(kind, rest.partition("/")[2], body=body)

    def _describe(self, name: str, *, rest: str, tree: str) -> None:
        files = self.server.repositories.get(name)
        if files is None:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif tree:
            self._send(200, json.dumps([_entry(*each) for each in files.items()]).encode(), {})
        else:
            siblings = [{"rfilename": file} for file in files]
            information = {"id": name.partition("/")[2], "sha": COMMIT, "siblings": siblings}
            self._send(200, json.dumps(information).encode(), {})

    def _send_file(self, name: str, file: str, *, body: bool) -> None:
        content = self.server.repositories.get(name, {}).get(file)
        if content is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        if body:
            self.server.sent.append(f"{name}/{file}")
        about = {"ETag": f'"{blob_name(file, content)}"', "X-Repo-Commit": COMMIT}
        self._send(200, content, about, body=body)

    def _send(
        self, status: int, content: bytes, headers: Mapping[str, str], *, body: bool = True
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _entry(file: str, content: bytes) -> dict[str, object]:
    digest = blob_name(file, content)
    entry: dict[str, object] = {"type": "file", "path": file, "size": len(content)}
    if len(digest) == 64:
        lfs = {"oid": digest, "size": len(content), "pointerSize": 130}
        return entry | {"oid": "0" * 40, "lfs": lfs}
    return entry | {"oid": digest}
