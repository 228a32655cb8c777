"""Is the process there, and can it predict?"""

from typing import Literal

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.web.errors import ApiError
from app.web.roles import Role, RoleRouter

router = RoleRouter(tags=["health"])


class Health(BaseModel):
    status: Literal["ok"] = Field("ok", examples=["ok"])


@router.get(
    "/healthz", role=Role.ANYONE, summary="The process is there", response_description="it is"
)
async def healthz() -> Health:
    return Health()


@router.get(
    "/readyz",
    role=Role.ANYONE,
    summary="The default model can predict",
    response_description="it can",
    responses={503: {"description": "`not_ready`: the default model is loading, or why it cannot"}},
)
async def readyz(request: Request) -> Health:
    engine = request.app.state.engine
    if engine.ready:
        return Health()
    if engine.failure:
        raise ApiError(503, "not_ready", engine.failure)
    sentence = "The default model is loading; ask again in a second."
    raise ApiError(503, "not_ready", sentence, {"Retry-After": "1"})


@router.get(
    "/metrics",
    role=Role.TEACHER,
    summary="Counters for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus' text format"}},
)
async def metrics(request: Request) -> Response:
    engine = request.app.state.engine
    lines = [
        "# HELP inkling_batches_total Batches that the networks ran, by pictures in them.",
        "# TYPE inkling_batches_total counter",
        *(
            f'inkling_batches_total{{pictures="{size}"}} {count}'
            for size, count in sorted(engine.batches.copy().items())
        ),
        "# HELP inkling_models_bytes Memory of the models that are loaded.",
        "# TYPE inkling_models_bytes gauge",
        f"inkling_models_bytes {engine.held_bytes}",
        "",
    ]
    return Response("\n".join(lines), media_type="text/plain; version=0.0.4")
