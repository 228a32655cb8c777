"""The pages /datasets and /datasets/NAME."""

import asyncio

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.settings import LIMITS, MIB
from app.web.exhibits import entry_of, left_out_of, listed, shown
from app.web.pages import render
from app.web.roles import Role, RoleRouter, role_of

router = RoleRouter()


@router.page("/datasets", role=Role.ANYONE)
async def datasets(request: Request) -> HTMLResponse:
    settings = request.app.state.settings
    root, own = settings.dataset_files_dir, settings.own_datasets_dir
    found = await asyncio.to_thread(listed, root, own)
    return render(
        request,
        "datasets.html",
        datasets=found.datasets,
        may_train=role_of(request.scope) >= Role.TEACHER,
        most_pictures=LIMITS.dataset_pictures,
        most_mebibytes=LIMITS.dataset_bytes // MIB,
    )


@router.page("/datasets/{name}", role=Role.ANYONE)
async def dataset(request: Request, name: str) -> HTMLResponse:
    settings = request.app.state.settings
    own = settings.own_datasets_dir
    entry = await asyncio.to_thread(entry_of, name, own)
    return render(
        request,
        "dataset.html",
        dataset=await asyncio.to_thread(shown, entry, settings.dataset_files_dir),
        made=await asyncio.to_thread(left_out_of, own, entry),
        may_train=role_of(request.scope) >= Role.TEACHER,
    )
