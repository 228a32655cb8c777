"""A person's own datasets: a zip or a folder of pictures becomes one; one is deleted."""

import asyncio
import errno
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Path as PathParameter
from fastapi import Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.ml.picture_trees import CannotMake
from app.settings import LIMITS
from app.web.api.own_datasets_docs import DELETE_DOCS, MAKE_DOCS
from app.web.api.run_detail import opened
from app.web.api.understanding import LOOK
from app.web.dataset_uploads import Spool, bounds_of, make, receive_files, receive_zip
from app.web.errors import ApiError
from app.web.exhibits import MadeDataset, made
from app.web.roles import Role, RoleRouter

if TYPE_CHECKING:
    from app.ml.dataset_making import Wanted
    from app.ml.own_datasets import Manifest

router = RoleRouter(prefix="/api/v1/datasets", tags=["datasets"])

ZIP = (b"application/zip", b"application/x-zip-compressed")
FORM = b"multipart/form-data"
STATUS = {
    "name_taken": 409, "too_large": 413, "too_many_pictures": 413, "too_many_classes": 413,
}  # fmt: skip
Name = Annotated[str, Query(max_length=64, description="1 to 64 of a-z, 0-9 and -")]
Licence = Annotated[str, Query(max_length=300, description="of the pictures, as people write it")]
Origin = Annotated[str, Query(max_length=300, description="where the pictures come from")]


@router.post("", role=Role.TEACHER, status_code=201, body_limit=LIMITS.dataset_bytes, **MAKE_DOCS)
async def make_dataset(
    request: Request, name: Name, licence: Licence = "", source: Origin = ""
) -> MadeDataset:
    state = request.app.state
    kind, content_type = body_kind(request)
    if state.making.locked():
        sentence = "Another dataset is being made just now; try again when it is there."
        raise ApiError(503, "busy", sentence, {"Retry-After": "10", "Connection": "close"})
    async with state.making:
        with refusals():
            own = state.settings.own_datasets_dir
            wanted = await asyncio.to_thread(wish, own, name, licence, source)
            manifest = await arrived(request, own, wanted, content_type if kind == FORM else None)
    return await asyncio.to_thread(made, state.settings.dataset_files_dir, own, manifest)


def body_kind(request: Request) -> tuple[bytes, bytes]:
    """(type without its parameters, the whole header)."""
    found = [value for name, value in request.scope["headers"] if name == b"content-type"]
    whole = found[0] if len(found) == 1 else b""
    kind = whole.partition(b";")[0].strip().lower()
    if kind not in (*ZIP, FORM):
        sentence = "Send a zip as application/zip, or a form with the files as `file`; see /docs."
        raise ApiError(415, "unsupported_media_type", sentence, {"Connection": "close"})
    return kind, whole


def wish(own: Path, name: str, licence: str, source: str) -> "Wanted":
    """Off the event loop: the first call imports torch. CannotMake before anything arrives."""
    from app.ml.dataset_making import NOT_STATED, Wanted, check_wanted

    wanted = Wanted(name, source.strip() or NOT_STATED, licence.strip() or NOT_STATED)
    check_wanted(own, wanted)
    return wanted


async def arrived(request: Request, own: Path, wanted: "Wanted", form: bytes | None) -> "Manifest":
    """The upload on disk, then the dataset; `form` is its content type where it is one."""
    from app.ml.dataset_making import workshop
    from app.ml.picture_sources import in_spool, in_zip

    stack = ExitStack()
    try:
        shop = await asyncio.to_thread(stack.enter_context, workshop(own))
        path, bounds = shop / "upload", bounds_of(LIMITS)
        with await asyncio.to_thread(path.open, "wb") as file:
            spool = Spool(file)
            if form is None:
                await receive_zip(request.receive, spool)
                find = partial(in_zip, path, bounds)
            else:
                files = await receive_files(request.receive, form, spool)
                find = partial(in_spool, path, files, bounds)
        return await unless_gone(request, make(own, wanted, find))
    finally:
        await asyncio.to_thread(stack.close)


async def unless_gone(request: Request, work: Coroutine[Any, Any, "Manifest"]) -> "Manifest":
    """The work's answer; when the client is gone nothing is left of it."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK))[0]:
            if await request.is_disconnected():
                raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def refusals() -> Iterator[None]:
    """What cannot be made, as ours."""
    try:
        yield
    except CannotMake as cannot:
        status, field = STATUS.get(cannot.code, 422), None
        if cannot.code in ("name_taken", "wrong_name"):
            field = "name"
        headers = {"Connection": "close"}
        raise ApiError(status, cannot.code, str(cannot), headers, field=field) from None
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sentence = "The disk is full: nothing was kept. Make room, then send it again."
        raise ApiError(507, "disk_full", sentence, {"Connection": "close"}) from None


@router.delete("/{name}", role=Role.TEACHER, status_code=204, **DELETE_DOCS)
async def delete_dataset(
    request: Request,
    name: Annotated[
        str, PathParameter(max_length=64, description="its name", examples=["clothes"])
    ],
) -> Response:
    training, settings = await opened(request), request.app.state.settings

    def delete() -> None:
        from app.ml import own_datasets
        from app.ml.datasets import DATASETS

        if name in DATASETS:
            sentence = "Inkling's own datasets cannot be deleted."
            raise ApiError(409, "not_own", sentence)
        if training.store.uses(name):
            sentence = "A run that waits or trains uses this dataset. Stop it first."
            raise ApiError(409, "in_use", sentence)
        try:
            own_datasets.delete(settings.own_datasets_dir, name, settings.data_dir)
        except KeyError:
            sentence = "There is no such dataset; GET /api/v1/datasets lists all."
            raise ApiError(404, "unknown_dataset", sentence) from None

    await asyncio.to_thread(delete)
    return Response(status_code=204)
