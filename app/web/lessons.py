"""The lessons: the deck's ideas as pages, in the order in which they are taught."""

from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.web.errors import standard_error
from app.web.pages import render
from app.web.roles import Role, RoleRouter, role_of

router = RoleRouter()


@dataclass(frozen=True)
class Lesson:
    """`templates/learn/NAME.html` with `static/js/learn/NAME.js`; the idea is one sentence."""

    name: str
    title: str
    idea: str


LESSONS = (
    Lesson("neuron", "A neuron", "It weighs its inputs, adds them up, and bends the sum."),
    Lesson("small-network", "A small network", "Neurons read neurons, and blame flows back."),
    Lesson("activations", "Activation functions", "Where a curve is flat, nothing is learnt."),
    Lesson(
        "matrices", "Layers as matrices", "A layer is one matrix; each of its rows is a neuron."
    ),
    Lesson("datasets", "Datasets", "A network knows nothing but the pictures that it was shown."),
    Lesson("kernels", "Kernels", "A few weights that look everywhere for the same thing."),
    Lesson("pooling", "Pooling", "Keep what was found, forget exactly where."),
    Lesson(
        "convolutional-network",
        "A convolutional network",
        "Small kernels slide over the picture; pooling forgets a little of where.",
    ),
    Lesson("training", "Training and inference", "Many small steps; then it only answers."),
)


@router.page("/learn", role=Role.ANYONE)
def lessons(request: Request) -> HTMLResponse:
    return render(request, "learn/index.html", lessons=LESSONS)


@router.page("/learn/{name}", role=Role.ANYONE)
def lesson(request: Request, name: str) -> HTMLResponse:
    """With `?embed`, for a frame: the lesson alone, and the listed origins may show it."""
    index = next((i for i, each in enumerate(LESSONS) if each.name == name), None)
    if index is None:
        raise standard_error(404)
    embed = "embed" in request.query_params
    if embed:
        request.state.frame_ancestors = request.app.state.settings.embed_origins
    return render(
        request,
        f"learn/{name}.html",
        lesson=LESSONS[index],
        lessons=LESSONS,
        number=index + 1,
        before=LESSONS[index - 1] if index else None,
        next=LESSONS[index + 1] if index + 1 < len(LESSONS) else None,
        embed=embed,
        may_train=role_of(request.scope) >= Role.TEACHER,
    )
