"""Answer requests for the addresses a lab serves from files; every other one goes its way."""

from __future__ import annotations

import functools
import mimetypes
from collections.abc import Callable
from email.message import Message
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .foreign import Foreign, library
from .later import after_import
from .recorder import Recorder
from .sealed import Function

_SCHEMES = ("http", "https")
_HTTPX = ("httpx", "httpx2")
_PLAIN_TYPE = "application/octet-stream"

Address = Callable[[tuple[Foreign, ...], dict[str, Foreign]], Foreign]
"""The address that a call of a library's function asks for; ``None`` if it sends something."""


def serve_requests(recorder: Recorder) -> None:
    """Serve what ``requests`` gets, in whichever of its ways."""
    adapter = library("requests.adapters").HTTPAdapter
    _serve(recorder, adapter, "send", _address_of_request, _by_requests)


def serve_urllib(recorder: Recorder) -> None:
    """Serve what ``urllib.request`` opens; pandas and ``torch.hub`` do so too."""
    opener = library("urllib.request").OpenerDirector
    _serve(recorder, opener, "open", _address_to_open, _by_urllib)


def serve_pictures(recorder: Recorder) -> None:
    """Serve the addresses in a column of pictures of ``datasets``."""
    module = library("datasets.features.image")
    _serve(recorder, module, "xopen", _address_of_file, _by_datasets)


def serve_httpx(recorder: Recorder) -> None:
    """Serve what ``httpx`` gets; ``transformers.image_utils.load_image`` does so too."""
    for name in _HTTPX:
        after_import(name, functools.partial(_serve_httpx, recorder, name))


def _serve_httpx(recorder: Recorder, name: str) -> None:
    with recorder.quietly("urls"):
        module = library(name)
        answer = functools.partial(_by_httpx, module.Response)
        answer_later = functools.partial(_by_async_httpx, module.Response)
        one, other = module.HTTPTransport, module.AsyncHTTPTransport
        _serve(recorder, one, "handle_request", _address_of_request, answer)
        _serve(recorder, other, "handle_async_request", _address_of_request, answer_later)


def _serve(
    recorder: Recorder, owner: Foreign, name: str, address: Address, answer: Function
) -> None:
    served = _Served(recorder)

    def enter(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
        with recorder.quietly("urls"):
            found = served.find(address(args, kwargs))
            if found is not None:
                asset, file = found
                return asset, functools.partial(answer, file), args, kwargs
        return None

    def leave(asset: str, ended: bool, _answer: Foreign) -> None:
        # Once a cell: a loop over epochs may fetch a picture again and again.
        if ended and recorder.is_news("url", asset):
            recorder.emit("load", kind="url", asset=asset, split=None, rows=None)

    recorder.hooks.redirect(owner, name, enter, leave)


class _Served:
    """Files by address, as ``serving.json`` lists them."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._files: dict[str, tuple[str, Path]] | None = None

    def find(self, address: Foreign) -> tuple[str, Path] | None:
        """The address as the lab declares it and the file that stands for it."""
        if not isinstance(address, str):
            return None
        if self._files is None:
            listed = self._recorder.serving.get("urls", {})
            root = self._recorder.assets
            self._files = {_key(each): (each, root / path) for each, path in listed.items()}
        return self._files.get(_key(address)) if self._files else None


def _key(address: str) -> str:
    """What addresses of the same file have in common: libraries escape differently."""
    parts = urlsplit(address)
    if parts.scheme.lower() not in _SCHEMES:
        return ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower()}{unquote(parts.path + query)}"


def _address_of_request(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
    request: Foreign = args[1] if len(args) > 1 else kwargs.get("request")
    return str(request.url) if request.method in ("GET", "HEAD") else None


def _address_to_open(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
    asked = args[1] if len(args) > 1 else kwargs.get("fullurl")
    data = args[2] if len(args) > 2 else kwargs.get("data")
    if data is not None or getattr(asked, "data", None) is not None:
        return None
    return getattr(asked, "full_url", asked)


def _address_of_file(args: tuple[Foreign, ...], kwargs: dict[str, Foreign]) -> Foreign:
    return args[0] if args else kwargs.get("file")


def _headers(file: Path) -> dict[str, str]:
    kind = mimetypes.guess_type(file.name)[0] or _PLAIN_TYPE
    return {"Content-Type": kind, "Content-Length": str(file.stat().st_size)}


def _body(file: Path, method: str) -> bytes:
    return file.read_bytes() if method == "GET" else b""


def _by_requests(
    file: Path, adapter: Foreign, request: Foreign, *_: Foreign, **__: Foreign
) -> Foreign:
    answer = library("urllib3").HTTPResponse(
        body=BytesIO(_body(file, request.method)),
        headers=_headers(file),
        status=200,
        reason="OK",
        preload_content=False,
        request_method=request.method,
    )
    return adapter.build_response(request, answer)


def _by_urllib(
    file: Path, _opener: Foreign, fullurl: Foreign, *_: Foreign, **__: Foreign
) -> Foreign:
    headers = Message()
    for name, value in _headers(file).items():
        headers[name] = value
    address = getattr(fullurl, "full_url", fullurl)
    answer = library("urllib.response").addinfourl(
        BytesIO(file.read_bytes()), headers, address, 200
    )
    answer.msg = "OK"
    return answer


def _by_datasets(file: Path, *_: Foreign, **__: Foreign) -> Foreign:
    return file.open("rb")


def _by_httpx(response: Foreign, file: Path, _transport: Foreign, request: Foreign) -> Foreign:
    content = _body(file, request.method)
    return response(200, headers=_headers(file), content=content, request=request)


async def _by_async_httpx(
    response: Foreign, file: Path, transport: Foreign, request: Foreign
) -> Foreign:
    return _by_httpx(response, file, transport, request)
