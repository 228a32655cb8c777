"""Bring a dataset's files: resumed where cut off, checked before they are used."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import httpx

from app.ml.sources import Entry, Source

Progress = Callable[[str, int, int], None]  # file name, bytes so far, bytes in all (0: unknown)
SECONDS = 20.0  # without a byte, then the next mirror is tried


class DownloadFailed(RuntimeError):
    """No mirror gave the file; the message says where to put it by hand."""


def download(entry: Entry, root: Path, progress: Progress) -> None:
    """Every file of the dataset that is not there yet, under `root`. DownloadFailed."""
    for source in entry.sources:
        if source.place(root) is None:
            fetch(source, root / source.path, progress)


def fetch(source: Source, target: Path, progress: Progress) -> None:
    """Try the mirrors in turn; `target` appears only whole and with the right checksum."""
    reasons = []
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{target.name}.part")
    for url in source.urls:
        try:
            continue_download(url, unfinished, progress)
            if is_right(unfinished, source):
                os.replace(unfinished, target)
                return
            unfinished.unlink()
            reasons.append(f"{url}: the checksum is wrong")
        except httpx.HTTPError as error:
            reasons.append(f"{url}: {error or type(error).__name__}")
    tried = "; ".join(reasons) or "it has no public address"
    raise DownloadFailed(
        f"{target.name} could not be downloaded ({tried}). "
        f"Bring the file from elsewhere and put it at {target}."
    )


def continue_download(url: str, unfinished: Path, progress: Progress) -> None:
    """Append what is missing; a server that does not know ranges sends it all again."""
    have = unfinished.stat().st_size if unfinished.is_file() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    options = {"headers": headers, "timeout": SECONDS, "follow_redirects": True}
    with httpx.stream("GET", url, **options) as response:  # type: ignore[arg-type]
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is missing
        response.raise_for_status()
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            have = 0
        total = have + int(response.headers.get("content-length", 0))
        with unfinished.open("ab" if have else "wb") as file:
            for chunk in response.iter_raw():
                have += file.write(chunk)
                progress(unfinished.stem, have, total)


def is_right(path: Path, source: Source) -> bool:
    wanted = {"md5": source.md5, "sha256": source.sha256}
    return all(digest(path, name).startswith(sum_) for name, sum_ in wanted.items() if sum_)


def digest(path: Path, method: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, method).hexdigest()
