"""POST /api/v1/models/{reference}/explain: what happens in each layer on one picture."""

from dataclasses import dataclass, field
from functools import partial
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.web.api.explain_docs import EXPLAIN_DOCS
from app.web.api.models import Reference
from app.web.api.predict import LARGEST_BODY, Question, find, media_type, read_query
from app.web.errors import ApiError
from app.web.explained import Wishes, explain
from app.web.glass import Glass
from app.web.jobs import Job
from app.web.roles import Role, RoleRouter
from app.web.uploads import Upload

router = RoleRouter(prefix="/api/v1/models", tags=["models"])

MOST_UNITS = 10**9  # no network here has as many: what is there is told when it is asked for
Place = Annotated[
    int | None,
    Query(ge=0, lt=MOST_UNITS, description="of `unit`'s map, with the other one of `row` and "
          "`column`; by default the place where the map is largest"),
]  # fmt: skip


@router.post("/{reference:path}/explain", role=Role.ANYONE, body_limit=LARGEST_BODY, **EXPLAIN_DOCS)
async def explain_picture(
    request: Request,
    reference: Reference,
    layers: Annotated[bool, Query(description="answer all layers")] = True,
    layer: Annotated[
        str | None, Query(max_length=100, description="the name of one layer, to have it in detail")
    ] = None,
    unit: Annotated[
        int | None,
        Query(ge=0, lt=MOST_UNITS, description="a unit of `layer`, to have its formula"),
    ] = None,
    row: Place = None,
    column: Place = None,
) -> Response:
    state = request.app.state
    entry = find(state.engine, reference)
    if unit is not None and layer is None:
        raise ApiError(422, "invalid_request", "`unit` needs the `layer` that it is in.")
    if (row is None) != (column is None):
        raise ApiError(422, "invalid_request", "`row` and `column` go together.")
    place = None if row is None or column is None else (row, column)
    query = read_query(request.scope["query_string"], entry)
    asked = Explanation(
        state.engine, state.decoders, entry, query,
        glass=state.glass, wishes=Wishes(layers, layer, unit, place),
    )  # fmt: skip
    kind, _ = media_type(request.scope)
    if kind == b"multipart/form-data":
        sentence = "Send one picture, as image/* or JSON; a form with many is for predict."
        raise ApiError(415, "unsupported_media_type", sentence, {"Connection": "close"})
    with Upload(state.decoders.uploads) as upload:
        return Response(await asked.read(kind, request.receive, upload), media_type=JSON)


JSON = "application/json"


@dataclass(slots=True)
class Explanation(Question):
    """A question of predict's whose answer is looked at layer by layer: the engine prepares the
    picture as ever, then the glass's own thread does the rest."""

    glass: Glass = field(kw_only=True)
    wishes: Wishes = field(kw_only=True)

    async def ask(self, job: Job) -> str:
        job.skip = self.query.skip
        answer = await self.engine.predict(self.entry, job)
        return await self.glass.ask(self.entry, partial(explain, answer=answer, wishes=self.wishes))
