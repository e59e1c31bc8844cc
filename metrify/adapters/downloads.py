"""Downloads a file over HTTP and keeps it only if it is the one that was meant."""

import hashlib
import http.client
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from metrify.errors import DownloadError, UsageError

_CHUNK_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


def download(
    url: str,
    sha256: str,
    path: Path,
    timeout_seconds: float = 30.0,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Downloads a file. It is there whole and right, or not at all.

    Args:
        url: Where it is, over HTTP or HTTPS.
        sha256: What its SHA-256 has to be, as 64 hexadecimal digits.
        path: Where it goes.
        timeout_seconds: How long to wait for the server at each step.
        progress: Told how many bytes are there and how many there will be, if the server says.

    Raises:
        UsageError: The address or the checksum is none.
        DownloadError: The server can't be reached, refuses, breaks off, or sends another file.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url!r} is no address of a file.", "Give one that begins with https:// or http://.")
    if not _SHA256.fullmatch(sha256.lower()):
        raise UsageError(f"{sha256!r} is no SHA-256.", "Give the 64 hexadecimal digits that the publisher states.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        digest = _receive(url, partial, timeout_seconds, progress)
        if digest != sha256.lower():
            raise DownloadError(
                f"The file from {url} has the SHA-256 {digest}, not {sha256.lower()}.",
                "Check that the address and the checksum belong to the same release; the file was not kept.",
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _receive(url: str, path: Path, timeout_seconds: float, progress: Callable[[int, int | None], None]) -> str:
    digest, done = hashlib.sha256(), 0
    try:
        with urlopen(Request(url, headers={"User-Agent": "metrify"}), timeout=timeout_seconds) as answer:
            length = answer.headers.get("Content-Length")
            total = int(length) if length else None
            with path.open("wb") as file:
                while chunk := answer.read(_CHUNK_BYTES):
                    file.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    progress(done, total)
    except HTTPError as error:
        raise DownloadError(
            f"The server of {url} answered {error.code} {error.reason}.", "Check the address."
        ) from error
    except (URLError, OSError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise DownloadError(
            f"{url} can't be downloaded: {' '.join(str(reason).split()) or type(error).__name__}.",
            "Check the network, and HTTPS_PROXY if you are behind a proxy; then run the command again.",
        ) from error
    if total is not None and done < total:
        raise DownloadError(f"The server of {url} broke off after {done} of {total} bytes.", "Run the command again.")
    return digest.hexdigest()
