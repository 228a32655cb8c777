"""The engine loads, batches and answers; no request can spoil another's answer."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.ml.checkpoints import (
    ModelEntry,
    ModelLibrary,
    UnavailableModel,
    UnknownModel,
    read_weights,
)
from app.web.engine import MOST_HEAVY, MOST_WAITING, Engine
from app.web.errors import ApiError
from app.web.formats import BadPicture
from app.web.jobs import Answer, Job
from tests.conftest import save_small_model
from tests.web.hostile import seven

RANDOM = np.random.default_rng(0)


@pytest.fixture
def library(tmp_path: Path) -> ModelLibrary:
    """Two small models, `one` and `two`."""
    for name in ("one", "two"):
        save_small_model(tmp_path, name)
    return ModelLibrary(tmp_path / "none-ship", tmp_path)


def with_engine(
    library: ModelLibrary, work: Callable[[Engine], Awaitable[Any]], memory: int = 2**30
) -> Any:
    async def run() -> Any:
        engine = Engine(library, memory, "one")
        engine.start()
        try:
            return await work(engine)
        finally:
            engine.stop()

    return asyncio.run(run())


def drawings(count: int) -> list[Any]:
    """Different ones: uint8 (28, 28)."""
    return [np.roll(seven(), n, axis=1) // (1 + n % 2) for n in range(count)]


def exactly(pixels: Any) -> Job:
    """A job for the network's own input."""
    return Job(lambda: pixels[None], exact=True)


async def until_known(engine: Engine) -> None:
    while not engine.ready and engine.failure is None:
        await asyncio.sleep(0.01)


def test_it_is_ready_once_the_default_model_has_predicted(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> tuple[bool, bool, str | None]:
        at_first = engine.ready
        await until_known(engine)
        return at_first, engine.ready, engine.failure

    assert with_engine(library, work) == (False, True, None)


def test_a_default_model_that_is_missing_or_broken_is_told(library: ModelLibrary) -> None:
    async def failure(engine: Engine) -> str | None:
        await until_known(engine)
        assert not engine.ready
        return engine.failure

    weights = library.own / "one" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    assert "sha256" in with_engine(library, failure)
    library.delete("one")
    assert with_engine(library, failure) == "The default model is not there."


def test_an_answer_holds_what_the_network_said(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> Answer:
        answer: Answer = await engine.predict(engine.find("one"), Job(seven))
        return answer

    answer = with_engine(library, work)
    assert answer.probabilities is not None and answer.probabilities.shape == (10,)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert answer.prepared.pixels.shape == (1, 28, 28)


def test_a_rejected_picture_is_not_shown_to_the_network(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> Answer:
        answer: Answer = await engine.predict(
            engine.find("one"), Job(lambda: np.zeros((28, 28), np.uint8))
        )
        return answer

    answer = with_engine(library, work)
    assert answer.probabilities is None
    assert answer.prepared.rejection and answer.prepared.rejection.code == "blank"


def test_answers_do_not_depend_on_the_batch(library: ModelLibrary) -> None:
    pictures = RANDOM.integers(0, 256, (100, 28, 28), dtype=np.uint8)

    async def work(engine: Engine) -> None:
        entry = engine.find("one")
        alone = [await engine.predict(entry, exactly(picture)) for picture in pictures]
        together = await asyncio.gather(*(engine.predict(entry, exactly(p)) for p in pictures))
        for one, other in zip(alone, together, strict=True):
            assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)
        batches = {answer.infer_ms for answer in together}
        assert len(batches) < len(pictures) / 2  # those of one batch share its time

    with_engine(library, work)


def test_requests_for_two_models_do_not_mix(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> None:
        entries = [engine.find("one"), engine.find("two")]
        jobs = [(entry, picture) for picture in drawings(20) for entry in entries]
        expected = [await engine.predict(entry, exactly(p)) for entry, p in jobs]
        answers = await asyncio.gather(*(engine.predict(entry, exactly(p)) for entry, p in jobs))
        for one, other in zip(expected, answers, strict=True):
            assert one.classifier is other.classifier
            assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)

    with_engine(library, work)


def test_heavy_and_light_pictures_answer_alike(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> None:
        entry = engine.find("one")
        light, heavy = await asyncio.gather(
            engine.predict(entry, Job(seven)), engine.predict(entry, Job(seven, heavy=True))
        )
        assert light.probabilities == pytest.approx(heavy.probabilities, abs=1e-6)

    with_engine(library, work)


def test_a_failing_picture_fails_its_own_request_only(library: ModelLibrary) -> None:
    def broken() -> Any:
        raise BadPicture("invalid_image")

    def buggy(answer: Answer) -> Any:
        raise LookupError("a bug")

    async def work(engine: Engine) -> list[Any]:
        entry = engine.find("one")
        jobs = [
            Job(seven),
            Job(broken),
            Job(broken, heavy=True),
            Job(seven, finish=buggy),
            Job(seven, finish=buggy, heavy=True),
            Job(seven, skip=frozenset({"nonsense"})),
            Job(lambda: np.zeros((3, 5, 5), np.uint8), exact=True),
        ]
        await engine.predict(entry, Job(seven))
        asked = (engine.predict(entry, job) for job in jobs)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        answers.append(await engine.predict(entry, Job(seven)))  # and the thread lives on
        return answers

    answers = with_engine(library, work)
    kinds = [type(answer) for answer in answers[1:7]]
    assert kinds == [BadPicture, BadPicture, LookupError, LookupError, ValueError, ValueError]
    assert isinstance(answers[0], Answer) and isinstance(answers[-1], Answer)


def test_who_stops_waiting_disturbs_nobody(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> list[Any]:
        entry = engine.find("one")
        await engine.predict(entry, Job(seven))
        asked = [asyncio.ensure_future(engine.predict(entry, Job(seven))) for _ in range(20)]
        await asyncio.sleep(0)
        for impatient in asked[::2]:
            impatient.cancel()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = with_engine(library, work)
    assert all(isinstance(answer, Answer) for answer in answers[1::2])


@pytest.mark.parametrize(("heavy", "most"), [(False, MOST_WAITING), (True, MOST_HEAVY)])
def test_only_so_many_may_wait(library: ModelLibrary, heavy: bool, most: int) -> None:
    gate = threading.Event()

    def waiting() -> Any:
        gate.wait(10)
        return seven()

    async def work(engine: Engine) -> list[Any]:
        entry = engine.find("one")
        await engine.classifier(entry)
        await until_known(engine)
        asked = [
            asyncio.ensure_future(engine.predict(entry, Job(waiting, heavy=heavy)))
            for _ in range(most + 5)
        ]
        await asyncio.sleep(0.1)
        gate.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = with_engine(library, work)
    refused = [answer for answer in answers if isinstance(answer, ApiError)]
    assert len(refused) == 5 and {error.status for error in refused} == {503}
    assert sum(isinstance(answer, Answer) for answer in answers) == most


def test_the_least_used_model_leaves_when_memory_is_short(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> tuple[bool, bool]:
        one, two = engine.find("one"), engine.find("two")
        first = await engine.classifier(one)
        stays = await engine.classifier(one) is first
        await engine.classifier(two)
        return stays, await engine.classifier(one) is first

    assert with_engine(library, work) == (True, True)
    assert with_engine(library, work, memory=1) == (True, False)


def test_a_model_asked_for_many_times_at_once_is_loaded_once(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> int:
        entry = engine.find("two")
        return len(set(await asyncio.gather(*(engine.classifier(entry) for _ in range(20)))))

    assert with_engine(library, work) == 1


def test_a_replaced_model_answers_with_its_new_weights(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> None:
        before = await engine.predict(engine.find("one"), exactly(seven()))
        other = engine.find("two")
        assert other.card is not None
        save_again(library, other, name="one")
        after = await engine.predict(engine.find("one"), exactly(seven()))
        expected = await engine.predict(other, exactly(seven()))
        assert after.probabilities == pytest.approx(expected.probabilities)
        assert after.probabilities != pytest.approx(before.probabilities)

    with_engine(library, work)


def test_a_model_calibrated_meanwhile_answers_with_its_new_temperature(
    library: ModelLibrary,
) -> None:
    async def work(engine: Engine) -> None:
        entry = engine.find("one")
        before = await engine.predict(entry, exactly(seven()))
        save_again(library, entry, temperature=2.0)
        after = await engine.predict(engine.find("one"), exactly(seven()))
        flatter = np.sqrt(before.probabilities)  # half the logits
        assert after.probabilities == pytest.approx(flatter / flatter.sum(), rel=1e-4)

    with_engine(library, work)


def test_an_answer_that_is_no_number_is_never_given(library: ModelLibrary) -> None:
    entry = library.resolve("two")
    assert entry.card is not None
    huge = {name: value.float() * 1e38 for name, value in read_weights(entry).items()}
    library.save(entry.card, huge, True)

    async def work(engine: Engine) -> None:
        with pytest.raises(ApiError, match="no number") as refused:
            await engine.predict(engine.find("two"), exactly(seven()))
        assert (refused.value.status, refused.value.code) == (503, "model_unavailable")
        await engine.predict(engine.find("one"), exactly(seven()))

    with_engine(library, work)


def save_again(library: ModelLibrary, entry: ModelEntry, **changes: Any) -> None:
    """Its weights, with a card that says otherwise."""
    assert entry.card is not None
    library.save(replace(entry.card, **changes), read_weights(entry), True)


def test_a_model_that_is_gone_or_broken_is_not_found(library: ModelLibrary) -> None:
    async def work(engine: Engine) -> None:
        entry = engine.find("two")
        library.delete("two")
        with pytest.raises(UnknownModel):
            engine.find("two")
        with pytest.raises(ApiError) as refused:
            await engine.predict(entry, Job(seven))
        assert (refused.value.status, refused.value.code) == (503, "model_unavailable")
        (library.own / "one" / "card.json").write_text("{}")
        with pytest.raises(UnavailableModel):
            engine.find("one")

    with_engine(library, work)
