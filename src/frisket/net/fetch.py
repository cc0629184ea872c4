"""Asks a web service that an administrator named: an identity provider, never a device."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from frisket.errors import LinkError
from frisket.net.http_library import httpx
from frisket.net.listen import is_loopback

_MOST = 1 << 20


def _checked(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    plain = parts.scheme == "http" and (host == "localhost" or is_loopback(host))
    if not host or not (parts.scheme == "https" or plain):
        raise LinkError(f"{url[:200]} is not reached by https")
    return url


def fetch_document(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    login: tuple[str, str] | None = None,
    timeout: float = 10.0,
) -> dict[str, Any]:
    """GET a JSON object, or POST a form for one. Blocks: called in a thread.

    No redirect is followed, no proxy taken from the environment, nothing longer than 1 MiB read.
    Raises `LinkError`.
    """
    method = "GET" if form is None else "POST"
    headers = {"accept": "application/json"}
    try:
        with (
            httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client,
            client.stream(method, _checked(url), data=form, auth=login, headers=headers) as answer,
        ):
            body = b""
            for part in answer.iter_bytes(1 << 16):
                body += part
                if len(body) > _MOST:
                    raise LinkError("the answer is too long")
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise LinkError(f"{urlsplit(url).netloc} did not answer: {fault}") from fault
    if answer.status_code != httpx.codes.OK:
        raise LinkError(f"{urlsplit(url).netloc} answered {answer.status_code}")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise LinkError(f"{urlsplit(url).netloc} did not answer in JSON") from None
    if not isinstance(found, dict):
        raise LinkError(f"{urlsplit(url).netloc} did not answer with an object")
    return found
