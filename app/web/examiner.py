"""The server's end of the process that looks long: one question at a time, for all."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.ml.checkpoints import ModelEntry
from app.runs.checkpoints import of_variant
from app.settings import ROOT, Settings
from app.web.errors import ApiError, standard_error

MOST_WAITING = 16  # questions; beyond: 503 busy
PATIENCE = 600.0  # seconds for one answer; then the process is killed
GRACE = 1.0  # seconds to let go of a question that nobody waits for; then the same
IDLE = 60.0  # seconds without a question after which the process ends, and its memory is free
KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "HOME")  # of the environment; it holds secrets too
STATUS = {"unknown_checkpoint": 404, "no_dataset": 409, "no_pictures": 409, "not_there": 422}
FINDINGS = {"hidden": "safetensors", "excitement": "safetensors", "shifts": "json"}
Answer = dict[str, Any]


@dataclass
class Asked:
    """A question on its way; without anybody who waits for it, it is given up."""

    task: asyncio.Task[Answer]
    waiting: int = 0


class Examiner:
    """Owned by one event loop. What it found about a run lies in the run's folder, `examined/`, of
    its second variant `examined-1/`; about a model in the data folder, `glass/VERSION`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._asked: dict[Hashable, Asked] = {}
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._rest: asyncio.TimerHandle | None = None

    async def stop(self) -> None:
        for asked in list(self._asked.values()):
            asked.task.cancel()
        await asyncio.gather(*(a.task for a in self._asked.values()), return_exceptions=True)
        await self._end()

    async def examined(self, run: str, step: int, part: str, variant: int = 0) -> Path:
        """The file of an Examination, made when it is not there yet; cancel to give it up.

        ApiError 404, 409 or 503 with the reason.
        """
        folder = self.settings.runs_dir / run
        names = {name: of_variant(name, variant) for name in ("checkpoints", "examined")}
        path = folder / names["examined"] / f"{step}.{part}.safetensors"
        if is_newer(path, folder / names["checkpoints"] / f"{step}.safetensors"):
            return path
        question = {"what": "examination", "run": str(folder), "step": step, "part": part, **names}
        return await self.found(path, question)

    async def looked_into(self, entry: ModelEntry, what: str, part: str) -> Path:
        """The file of a model's FINDINGS of this name; errors and giving up as above."""
        assert entry.card is not None
        folder = self.settings.data_dir.absolute() / "glass" / entry.card.sha256[:24]
        path = folder / f"{part}.{what}.{FINDINGS[what]}"
        if await asyncio.to_thread(touched, folder, path):
            return path
        return await self.found(path, {"what": what, **self._about(entry, part)})

    async def resilience(
        self, entry: ModelEntry, part: str, pictures: int, damage: dict[str, Any]
    ) -> Answer:
        """What is left of a broken model's accuracy; errors and giving up as above."""
        question = {"what": "resilience", "pictures": pictures, "damage": damage}
        question |= self._about(entry, part)
        return await self._answered(json.dumps(question), question)

    async def found(self, path: Path, question: Answer) -> Path:
        """The file that the answer to a question is written into; errors as examined()."""
        await self._answered(path, question | {"path": str(path.absolute())})
        return path

    def _about(self, entry: ModelEntry, part: str) -> Answer:
        settings = self.settings
        library = ROOT / "models", settings.own_models_dir, settings.runs_dir
        return {
            "library": [str(folder.absolute()) for folder in library], "reference": entry.name,
            "version": entry.version, "part": part,
        }  # fmt: skip

    async def _answered(self, key: Hashable, question: Answer) -> Answer:
        """One task for all who ask the same at one time."""
        asked = self._asked.get(key)
        if asked is None:
            if len(self._asked) >= MOST_WAITING:
                raise standard_error(503, {"Retry-After": "2"})
            question |= self._roots()
            asked = Asked(asyncio.get_running_loop().create_task(self._answer(question)))
            self._asked[key] = asked
        asked.waiting += 1
        try:
            return await asyncio.shield(asked.task)
        finally:
            asked.waiting -= 1
            if not asked.waiting:
                asked.task.cancel()
                if self._asked.get(key) is asked:
                    del self._asked[key]

    def _roots(self) -> dict[str, str]:
        settings = self.settings
        folders = {
            "datasets": settings.dataset_files_dir, "own": settings.own_datasets_dir,
            "cache": settings.data_dir / "cache",
        }  # fmt: skip
        return {name: str(folder.absolute()) for name, folder in folders.items()}

    async def _answer(self, question: Answer) -> Answer:
        async with self._turn:
            if self._rest:
                self._rest.cancel()
            answered = False
            try:
                answer = await self._ask(question)
                answered = True
            finally:
                if answered or await self._lets_go():
                    self._rest = asyncio.get_running_loop().call_later(IDLE, self._retire)
                else:  # late or dead: the next one gets a process of its own
                    await self._end()
        if code := answer.get("error"):
            raise ApiError(STATUS.get(code, 503), code, sentence(code, answer["message"]))
        return answer

    async def _lets_go(self) -> bool:
        """Whether the process gives up its question at once, and so can be asked the next one
        without a start of seconds."""
        process = self._process
        if process is None or process.returncode is not None or process.stdout is None:
            return False
        try:
            async with asyncio.timeout(GRACE):
                process.send_signal(signal.SIGINT)
                return bool(await process.stdout.readline())
        except OSError:
            return False

    async def _ask(self, question: Answer) -> Answer:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._process is None or self._process.returncode is not None:
                    self._process = await launch()
                assert self._process.stdin and self._process.stdout
                self._process.stdin.write(json.dumps(question).encode() + b"\n")
                await self._process.stdin.drain()
                line = await self._process.stdout.readline()
                answer: Answer = json.loads(line)
                return answer
        except (OSError, ValueError) as error:  # TimeoutError is an OSError; a dead one says ""
            sentence = "It could not be found out just now; try again."
            raise ApiError(503, "not_examined", sentence, {"Retry-After": "5"}) from error

    def _retire(self) -> None:
        if self._process and self._process.stdin and not self._turn.locked():
            self._process.stdin.close()  # it ends with its input
            self._process = None

    async def _end(self) -> None:
        process, self._process = self._process, None
        if self._rest:
            self._rest.cancel()
        if process and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def launch() -> asyncio.subprocess.Process:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "app.ml.examiner",
        cwd=ROOT, env=kept | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def touched(folder: Path, path: Path) -> bool:
    """Whether the file is there; its folder then counts as just used."""
    if not path.exists():
        return False
    os.utime(folder)
    return True


def is_newer(path: Path, than: Path) -> bool:
    try:
        return path.stat().st_mtime_ns >= than.stat().st_mtime_ns
    except OSError:
        return False


def sentence(code: str, message: str) -> str:
    if code in SENTENCES:
        return SENTENCES[code]
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."


SENTENCES = {
    "unknown_checkpoint": "This checkpoint is not kept any more; the last one always is.",
    "no_pictures": "It has no pictures of that part; choose another one.",
}
