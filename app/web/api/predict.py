"""POST /api/v1/models/{reference}/predict: a picture, strokes or pixels in, labels out."""

import asyncio
import re
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.ml.checkpoints import ModelEntry, UnavailableModel, UnknownModel
from app.ml.preprocessing import STEP_KEYS, longest_side
from app.ml.strokes import rasterise
from app.settings import LIMITS
from app.web.answers import answer_json, error_json
from app.web.api.models import Reference, unknown_model
from app.web.api.predict_docs import PREDICT_DOCS
from app.web.bodies import Base64, Pixels, Strokes, json_limit, read_drawing
from app.web.decoder import DecoderPool
from app.web.engine import Engine
from app.web.errors import ApiError, standard_error
from app.web.formats import BadPicture, Content, check_size, decodes_in_place, read_header
from app.web.jobs import Answer, Job
from app.web.plain_png import decode_here
from app.web.roles import Role, RoleRoute, RoleRouter
from app.web.uploads import Upload, read_body, read_pictures

router = RoleRouter(prefix="/api/v1/models", tags=["predict"])

LARGEST_BODY = max(LIMITS.multipart_bytes, LIMITS.json_image_bytes)  # each form has its own limit
QUICK_JSON = 64 * 1024  # bytes: parsed within a millisecond; more is parsed in a thread
QUICK_POINTS = 500  # so many are drawn in a quarter of a millisecond
MANY_FIELDS = 20  # in a query


async def predict(scope: Scope, receive: Receive, send: Send) -> None:
    """Plain ASGI: what a framework does around an endpoint would be a third of all work on a small
    picture."""
    try:
        body = (await answer(scope, receive)).encode()
    except ClientDisconnect:
        raise standard_error(400) from None  # nobody is there to read it
    length = b"content-length", str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), length]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer(scope: Scope, receive: Receive) -> str:
    state = scope["app"].state
    entry = find(state.engine, scope["path_params"]["reference"])
    query = read_query(scope["query_string"], entry)
    asked = Question(state.engine, state.decoders, entry, query)
    kind, content_type = media_type(scope)
    with Upload(state.decoders.uploads) as upload:
        if kind == b"multipart/form-data":
            pictures = await read_pictures(receive, upload, content_type)
            fields = f'"results":[{await asked.batch(pictures)}]'
        else:
            fields = await asked.read(kind, receive, upload)
    # name and version are plain words by their grammar
    return f'{{"model":"{entry.name}","version":"{entry.version}",{fields}}}'


class PredictRoute(RoleRoute):
    """FastAPI describes it in the OpenAPI, from the signature of its endpoint; `predict` answers,
    and checks all parameters itself."""

    def __init__(self, path: str, **options: Any) -> None:
        def endpoint(reference: Reference) -> None: ...

        super().__init__(path, endpoint, name="predict", methods=["POST"], **options)
        self.app = predict


route = PredictRoute(
    f"{router.prefix}/{{reference:path}}/predict",
    role=Role.ANYONE,
    body_limit=LARGEST_BODY,
    tags=router.tags,
    **PREDICT_DOCS,
)
router.routes.append(route)


def find(engine: Engine, reference: str) -> ModelEntry:
    try:
        return engine.find(reference)
    except UnknownModel:
        raise unknown_model() from None
    except UnavailableModel as error:
        sentence = f"This model cannot be used: {error}."
        raise ApiError(503, "model_unavailable", sentence) from None


def refused(bad: BadPicture) -> ApiError:
    headers = {"Retry-After": "2"} if bad.status == 503 else None
    return ApiError(bad.status, bad.code, bad.message, headers)


# --- the head of a request -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """What the query asks for; orientation overrules the picture's own (EXIF's 1..8)."""

    top_k: int = 5
    steps: bool = False
    skip: frozenset[str] = frozenset()
    orientation: int | None = None


PLAIN = Query()
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
TOP_K, ORIENTATION = re.compile(r"[0-9]{1,4}"), re.compile(r"[1-8]")


def read_query(query: bytes, entry: ModelEntry) -> Query:
    """ApiError 422 naming the field that breaks its rule; unknown fields mean nothing."""
    if not query:
        return PLAIN
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=MANY_FIELDS
        )
    except ValueError:
        raise ApiError(422, "invalid_request", "The query has too many fields.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ApiError(422, "invalid_request", "A field stands twice in the query.")
    return Query(
        top_k=read_top_k(fields.get("top_k", "5")),
        steps=read_steps(fields.get("steps", "false")),
        skip=read_skip(fields.get("skip", ""), entry),
        orientation=read_orientation(fields.get("orientation")),
    )


def read_top_k(text: str) -> int:
    number = int(text) if TOP_K.fullmatch(text) else 0
    if not 1 <= number <= LIMITS.top_k:
        raise ApiError(422, "invalid_request", f"`top_k` is a number from 1 to {LIMITS.top_k}.")
    return number


def read_steps(text: str) -> bool:
    if text not in BOOLEANS:
        raise ApiError(422, "invalid_request", "`steps` is true or false.")
    return BOOLEANS[text]


def read_skip(text: str, entry: ModelEntry) -> frozenset[str]:
    keys = STEP_KEYS[entry.card.preprocessing.pipeline] if entry.card else ()
    skip = frozenset(text.split(",")) if text else frozenset()
    if not skip <= set(keys):
        raise ApiError(422, "invalid_request", f"`skip` names steps of: {', '.join(keys)}.")
    return skip


def read_orientation(text: str | None) -> int | None:
    if text is None:
        return None
    if not ORIENTATION.fullmatch(text):
        raise ApiError(422, "invalid_request", "`orientation` is a number from 1 to 8.")
    return int(text)


def media_type(scope: Scope) -> tuple[bytes, bytes]:
    """(type without its parameters, the whole header); ApiError 415 for what is not taken."""
    found = [value for name, value in scope["headers"] if name == b"content-type"]
    whole = found[0] if len(found) == 1 else b""
    kind, _, parameters = whole.partition(b";")
    kind = kind.strip().lower()
    if kind == b"application/json":
        accepted = CHARSET.fullmatch(parameters) is not None
    else:
        accepted = kind.startswith(b"image/") or kind in OTHER_TYPES
    if not accepted:
        sentence = "Send a picture as image/*, a form with `file`, or JSON in UTF-8; see /docs."
        raise ApiError(415, "unsupported_media_type", sentence, {"Connection": "close"})
    return kind, whole


CHARSET = re.compile(rb'\s*(charset="?utf-8"?\s*)?', re.IGNORECASE)
OTHER_TYPES = (b"application/octet-stream", b"multipart/form-data")


# --- the forms of a body -------------------------------------------------------------------------


ONE_LANE = nullcontext()


@dataclass(slots=True)
class Question:
    """One request's model and wishes; each method makes one prediction's JSON of one form."""

    engine: Engine
    decoders: DecoderPool
    entry: ModelEntry
    query: Query
    lanes: AbstractAsyncContextManager[None] = ONE_LANE  # that pictures take turns in

    async def read(self, kind: bytes, receive: Receive, upload: Upload) -> str:
        """One picture, from a body of this kind."""
        if kind == b"application/json":
            body = await read_body(receive, upload, LIMITS.json_bytes, json_limit)
            return await self.alone(self.json(body))
        body = await read_body(receive, upload, LIMITS.picture_bytes)
        return await self.alone(self.picture(body))

    async def alone(self, prediction: Coroutine[Any, Any, str]) -> str:
        try:
            return await prediction
        except BadPicture as bad:
            raise refused(bad) from bad

    async def batch(self, pictures: list[Content | BadPicture]) -> str:
        """Each picture answers for itself."""
        self.lanes = asyncio.Semaphore(LIMITS.decoders)
        results = await asyncio.gather(*map(self.one_of_many, pictures))
        return ",".join(f"{{{result}}}" for result in results)

    async def one_of_many(self, picture: Content | BadPicture) -> str:
        if isinstance(picture, BadPicture):
            return error_json(picture)
        try:
            return await self.picture(picture)
        except BadPicture as bad:
            return error_json(bad)

    async def picture(self, content: Content) -> str:
        """A picture file: small ones are decoded in the engine's thread, others in a process."""
        header = read_header(content)
        check_size(header, LIMITS)
        turn = self.query.orientation
        if decodes_in_place(content, header, LIMITS):
            return await self.ask(Job(partial(decode_here, content, header, LIMITS, turn)))
        return await self.decoded(content)

    async def decoded(self, content: Content | memoryview, base64: bool = False) -> str:
        """A picture that may take long, in a process; those of a batch take turns with others'."""
        async with self.lanes:
            began = perf_counter()
            turn, most = self.query.orientation, self.longest_side
            picture = await self.decoders.decode(content, base64, turn, most)
            spent = 1000 * (perf_counter() - began)
            return await self.ask(Job(lambda: picture, heavy=True, decode_ms=spent))

    @property
    def longest_side(self) -> int:
        assert self.entry.card is not None
        return longest_side(self.entry.card.preprocessing)

    async def json(self, body: Content) -> str:
        if len(body) <= QUICK_JSON or body.startswith(b'{"image"'):
            drawing = self.drawing(body)
        else:
            drawing = await asyncio.to_thread(self.drawing, body)
        if isinstance(drawing, Base64):
            return await self.base64(drawing.text)
        if isinstance(drawing, Strokes):
            return await self.strokes(drawing)
        return await self.pixels(drawing)

    def drawing(self, body: Content) -> Base64 | Strokes | Pixels:
        return read_drawing(body)

    async def base64(self, text: Content | memoryview) -> str:
        if len(text) * 3 // 4 > LIMITS.inline_bytes:
            return await self.decoded(text, base64=True)
        try:
            return await self.picture(a2b_base64(text, strict_mode=True))
        except NotBase64:
            raise BadPicture("invalid_base64") from None

    async def strokes(self, drawing: Strokes) -> str:
        draw = partial(rasterise, drawing.strokes, drawing.pen_width)
        return await self.ask(Job(draw, heavy=drawing.points > QUICK_POINTS))

    async def pixels(self, pixels: Pixels) -> str:
        """(S, S) or (S, S, 3), exactly the network's input."""
        assert self.entry.card is not None
        channels, height, width = self.entry.card.shape
        if pixels.shape != ((height, width) if channels == 1 else (height, width, channels)):
            values = "numbers" if channels == 1 else "[red, green, blue]"
            sentence = f"`pixels` must be {height} rows of {width} {values}."
            raise ApiError(422, "wrong_size", sentence)
        planes = pixels.reshape(height, width, channels).transpose(2, 0, 1)
        return await self.ask(Job(lambda: planes, exact=True))

    async def ask(self, job: Job) -> str:
        job.skip, job.steps = self.query.skip, self.query.steps
        job.finish = self.finish
        answer: str = await self.engine.predict(self.entry, job)
        return answer

    def finish(self, answer: Answer) -> str:
        return answer_json(answer, self.query.top_k)
