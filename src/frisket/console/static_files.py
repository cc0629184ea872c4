"""The built files that pages load: names bear their content's hash, so they are kept for good."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_KINDS: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOREVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """The files of `static/dist` by the names in its manifest."""

    folder: Traversable
    names: dict[str, str]
    packed: dict[str, bytes] = field(default_factory=dict)

    def address(self, name: str) -> str:
        """Return where a page loads a file, such as `console.js`. Raises `KeyError`."""
        return f"/static/{self.names[name]}"

    async def answer(self, request: Request) -> Response:
        """Answer with a file, packed as the browser likes it."""
        name = request.path_params["name"]
        if name not in self.names.values():
            return Response("nothing here\n", 404, media_type="text/plain")
        kind = _KINDS[name.rpartition(".")[2]]
        headers = {"cache-control": _FOREVER, "vary": "accept-encoding"}
        accepted = request.headers.get("accept-encoding", "")
        if "br" in accepted.replace(" ", "").split(","):
            headers["content-encoding"] = "br"
            return Response(self._read(f"{name}.br"), headers=headers, media_type=kind)
        if "gzip" in accepted:
            headers["content-encoding"] = "gzip"
            return Response(self._gzipped(name), headers=headers, media_type=kind)
        return Response(self._read(name), headers=headers, media_type=kind)

    def _read(self, name: str) -> bytes:
        if name not in self.packed:
            self.packed[name] = self.folder.joinpath(name).read_bytes()
        return self.packed[name]

    def _gzipped(self, name: str) -> bytes:
        key = f"{name}.gz"
        if key not in self.packed:
            self.packed[key] = gzip.compress(self._read(name), mtime=0)
        return self.packed[key]


def load_static() -> StaticFiles:
    """Return the committed files; `script/assets` makes them."""
    folder = files("frisket.console").joinpath("static", "dist")
    names = json.loads(folder.joinpath("manifest.json").read_text("utf-8"))
    return StaticFiles(folder, names)
