"""POST /api/v1/models/{reference}/explain: what happens in each layer on one picture, and why."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.web.api.explain_docs import EXPLAIN_DOCS
from app.web.api.inside import Drawn, check_open
from app.web.api.models import Reference
from app.web.api.predict import LARGEST_BODY, Question, find, media_type, read_query
from app.web.api.understanding import waited
from app.web.bodies import Base64, Broken, Pixels, Strokes, checked, read_beside
from app.web.errors import ApiError
from app.web.explained import Wishes, explain
from app.web.formats import Content
from app.web.jobs import Job
from app.web.reasons import LAID_BESIDE, MOST_PIXELS, REASONS
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
    reasons: Annotated[
        str,
        Query(max_length=200, description=f"why: some of {', '.join(REASONS)}, with commas"),
    ] = "",
    of: Annotated[
        int | None,
        Query(
            ge=0,
            lt=10**6,
            description="the class that the maps of `reasons` speak of, by its "
            "index; by default the likeliest",
        ),
    ] = None,
    pixels: Annotated[
        int, Query(ge=1, le=MOST_PIXELS, description="of the reason `pixels`: how many at most")
    ] = 1,
    part: Annotated[
        Drawn, Query(description="of the reason `place`: whose map it is, as in `map`")
    ] = "test",
) -> Response:
    state = request.app.state
    entry = find(state.engine, reference)
    if unit is not None and layer is None:
        raise ApiError(422, "invalid_request", "`unit` needs the `layer` that it is in.")
    if (row is None) != (column is None):
        raise ApiError(422, "invalid_request", "`row` and `column` go together.")
    place = None if row is None or column is None else (row, column)
    query = read_query(request.scope["query_string"], entry)
    wishes = Wishes(layers, layer, unit, place, reasons_in(reasons), of, pixels, part)
    asked = Explanation(state.engine, state.decoders, entry, query, request=request, wishes=wishes)
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

    request: Request = field(kw_only=True)
    wishes: Wishes = field(kw_only=True)

    def drawing(self, body: Content) -> Base64 | Strokes | Pixels:
        """With what is to be broken beside it."""
        drawing, beside = read_beside(body, ("broken",))
        if "broken" in beside:
            self.wishes = replace(self.wishes, broken=checked(Broken, beside["broken"]))
        return drawing

    async def ask(self, job: Job) -> str:
        job.skip = self.query.skip
        answer = await self.engine.predict(self.entry, job)
        state, wishes = self.request.app.state, self.wishes
        thread = state.reasoning if wishes.reasons else state.glass
        beside = None
        if LAID_BESIDE & set(wishes.reasons) and answer.prepared.rejection is None:
            beside = await waited(self.request, self.pictures_beside())
        look = partial(explain, answer=answer, wishes=wishes, beside=beside)
        told: str = await thread.ask(self.entry, look)
        return told

    async def pictures_beside(self) -> dict[str, Path]:
        """What other pictures a reason lays the drawing beside, found out when first asked for."""
        parts = {"neighbours": "train", "place": self.wishes.part}
        if "place" in self.wishes.reasons:
            await check_open(self.request, self.entry, self.wishes.part)
        return {
            reason: await self.request.app.state.examiner.looked_into(self.entry, "hidden", part)
            for reason, part in parts.items()
            if reason in self.wishes.reasons
        }


def reasons_in(text: str) -> tuple[str, ...]:
    found = tuple(filter(None, text.split(",")))
    if not set(found) <= set(REASONS):
        raise ApiError(422, "invalid_request", f"`reasons` are of: {', '.join(REASONS)}.")
    return found
