"""The one place where the parts are joined: create_app(settings); `app.main:app` for uvicorn."""

import asyncio
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from app import __version__
from app.ml.checkpoints import ModelLibrary
from app.ml.kept import Bounds, KeptStore
from app.settings import LIMITS, ROOT, Limits, Settings
from app.web import dataset_pages, docs, leaderboard, lessons, pages
from app.web.allowances import Allowance
from app.web.api import (
    datasets,
    explain,
    health,
    inside,
    kept,
    layers,
    models,
    own_datasets,
    predict,
    run_checkpoints,
    run_events,
    run_steering,
    runs,
    shifts,
    streams,
    understanding,
    weights,
)
from app.web.decoder import DecoderPool
from app.web.engine import Engine
from app.web.errors import handle_errors
from app.web.examiner import Examiner
from app.web.glass import Glass
from app.web.latency import Latency
from app.web.pages import StaticFolder, make_templates
from app.web.roles import PublicMount, check_every_route_has_a_role
from app.web.security import SecurityMiddleware
from app.web.shortcut import Shortcut
from app.web.training import Training

ROUTERS = (
    predict.router,
    explain.router,
    inside.router,
    pages.router,
    dataset_pages.router,
    lessons.router,
    leaderboard.router,
    docs.router,
    health.router,
    weights.router,
    shifts.router,
    models.router,
    kept.router,
    datasets.router,
    own_datasets.router,
    runs.router,
    run_steering.router,
    run_checkpoints.router,
    run_events.router,
    understanding.router,
    runs.networks,
    layers.router,
    streams.router,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole application, not yet started; settings are read from INKLING_* by default."""
    settings = settings or Settings()
    app = FastAPI(
        title="Inkling",
        version=__version__,
        description=docs.DESCRIPTION,
        openapi_tags=docs.TAGS,
        openapi_url=None,  # app.web.docs serves it, and our own page instead of Swagger's
        redirect_slashes=False,  # a redirect would repeat the sender's Host
        lifespan=lifespan,
        middleware=[
            Middleware(SecurityMiddleware, settings=settings),
            Middleware(Shortcut, route=predict.route),
        ],
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    make_parts(app, settings)
    handle_errors(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.router.routes.append(PublicMount("/static", StaticFolder(directory=ROOT / "static")))
    check_every_route_has_a_role(app.routes)
    return app


def make_parts(app: FastAPI, settings: Settings) -> None:
    """What routes find in `request.app.state`; nothing runs before the lifespan starts it."""
    app.state.settings = settings
    app.state.templates = make_templates()
    app.state.library = ModelLibrary(ROOT / "models", settings.own_models_dir, settings.runs_dir)
    memory, model = settings.models_memory_bytes, settings.default_model
    app.state.engine = Engine(app.state.library, memory, model)
    app.state.glass = Glass()
    app.state.reasoning = Glass()  # reasons take longer than layers
    app.state.latency = Latency(settings.data_dir / "latency.json")
    app.state.decoders = DecoderPool(LIMITS)
    app.state.kept = KeptStore(settings.kept_dir, bounds_of(LIMITS))
    app.state.strangers = Allowance(LIMITS.kept_an_hour)
    app.state.training = Training(settings)
    app.state.examiner = Examiner(settings)
    app.state.making = asyncio.Lock()  # one dataset at a time
    app.state.keeper = ThreadPoolExecutor(1, "keeper")  # a slow disk holds up nothing but itself


def bounds_of(limits: Limits) -> Bounds:
    return Bounds(
        owner_samples=limits.kept_samples,
        owner_bytes=limits.kept_bytes,
        all_samples=limits.all_kept_samples,
        all_bytes=limits.all_kept_bytes,
    )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    configure_log()
    app.state.engine.start()
    app.state.decoders.start()
    app.state.training.start()
    yield
    await app.state.examiner.stop()
    await app.state.training.stop()
    await app.state.decoders.stop()
    app.state.latency.stop()
    app.state.glass.stop()
    app.state.reasoning.stop()
    app.state.engine.stop()
    await asyncio.to_thread(app.state.keeper.shutdown, cancel_futures=True)


def configure_log() -> None:
    """Our lines go to stderr as they are, unless someone has arranged otherwise."""
    log = logging.getLogger("inkling")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
    log.setLevel(logging.INFO)


def __getattr__(name: str) -> FastAPI:
    """`app.main:app` is made when it is asked for, so that an import makes nothing."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
