"""The server's end of the process that examines checkpoints: one question at a time, for all."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.runs.checkpoints import of_variant
from app.settings import ROOT, Settings
from app.web.errors import ApiError, standard_error

MOST_WAITING = 16  # questions; beyond: 503 busy
PATIENCE = 120.0  # seconds for one answer; then the process is killed
IDLE = 60.0  # seconds without a question after which the process ends, and its memory is free
KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "HOME")  # of the environment; it holds secrets too
STATUS = {"unknown_checkpoint": 404, "no_dataset": 409, "no_pictures": 409}


@dataclass
class Asked:
    """A question on its way; without anybody who waits for it, it is given up."""

    task: asyncio.Task[None]
    waiting: int = 0


class Examiner:
    """Owned by one event loop. What it found lies in the run's folder, `examined/`, of
    its second variant `examined-1/`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._asked: dict[Path, Asked] = {}
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
        asked = self._asked.get(path)
        if asked is None:
            if len(self._asked) >= MOST_WAITING:
                raise standard_error(503, {"Retry-After": "2"})
            question = {"run": str(folder), "step": step, "part": part, **names, **self._roots()}
            asked = Asked(asyncio.get_running_loop().create_task(self._answer(question)))
            self._asked[path] = asked
        asked.waiting += 1
        try:
            await asyncio.shield(asked.task)
        finally:
            asked.waiting -= 1
            if not asked.waiting:
                asked.task.cancel()
                if self._asked.get(path) is asked:
                    del self._asked[path]
        return path

    def _roots(self) -> dict[str, str]:
        datasets, cache = self.settings.dataset_files_dir, self.settings.data_dir / "cache"
        return {"datasets": str(datasets.absolute()), "cache": str(cache.absolute())}

    async def _answer(self, question: dict[str, object]) -> None:
        async with self._turn:
            if self._rest:
                self._rest.cancel()
            answered = False
            try:
                answer = await self._ask(question)
                answered = True
            finally:
                if answered:
                    self._rest = asyncio.get_running_loop().call_later(IDLE, self._retire)
                else:  # given up, late or dead: the next one gets a process of its own
                    await self._end()
        if code := answer.get("error"):
            raise ApiError(STATUS.get(code, 503), code, sentence(code, answer["message"]))

    async def _ask(self, question: dict[str, object]) -> dict[str, str]:
        try:
            async with asyncio.timeout(PATIENCE):
                if self._process is None or self._process.returncode is not None:
                    self._process = await launch()
                assert self._process.stdin and self._process.stdout
                self._process.stdin.write(json.dumps(question).encode() + b"\n")
                await self._process.stdin.drain()
                line = await self._process.stdout.readline()
                answer: dict[str, str] = json.loads(line)
                return answer
        except (OSError, ValueError) as error:  # TimeoutError is an OSError; a dead one says ""
            sentence = "This checkpoint could not be examined just now; try again."
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


def is_newer(path: Path, than: Path) -> bool:
    try:
        return path.stat().st_mtime_ns >= than.stat().st_mtime_ns
    except OSError:
        return False


def sentence(code: str, message: str) -> str:
    """Without the names of folders, which a message of a missing file holds."""
    if code in SENTENCES:
        return SENTENCES[code]
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."


SENTENCES = {
    "unknown_checkpoint": "This checkpoint is not kept any more; the last one always is.",
    "no_dataset": "The files of its dataset are not there any more; ./run datasets lists them.",
    "no_pictures": "This run kept no pictures for that part; choose another one.",
}
