"""What the tests of runs share: a small MNIST on disk, a store in each database, a supervisor."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.runs.states import LIVE
from app.runs.store import Run, Store
from app.runs.supervisor import Supervisor
from app.runs.tables import metadata
from app.settings import Settings
from tests.ml.small_files import write_mnist
from tests.runs.serving import Server


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """512 drawings of four digits to learn from, 64 to test with."""
    root = tmp_path_factory.mktemp("datasets")
    write_mnist(root, 512, 64)
    return root


@pytest.fixture
def server(tmp_path: Path, small_mnist: Path) -> Iterator[Server]:
    server = Server(tmp_path, small_mnist)
    yield server
    if server.process.poll() is None:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
            for run in client.get("/api/v1/runs").json()["runs"]:
                client.post(f"/api/v1/runs/{run['id']}/stop")
        server.end(signal.SIGTERM)


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.start() as client:
        yield client


@pytest.fixture
def settings(tmp_path: Path, small_mnist: Path) -> Settings:
    return Settings(data_dir=tmp_path, datasets_dir=small_mnist)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A private PostgreSQL cluster, as its programs want it: not root's; its URL."""
    found = shutil.which("initdb") or next(
        map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
    )
    if found is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl) are not installed")
    programs = Path(found).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="inkling-postgres-"))  # pytest's own are closed to others
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        shutil.chown(folder, "nobody", "nogroup")
    cluster, log = folder / "cluster", folder / "log"

    def call(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd=folder)

    call(str(programs / "initdb"), "-D", str(cluster), "-U", "inkling", "-A", "trust", "-N")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", str(cluster), "-w"]
    subprocess.run(
        [*as_user, *control, "-l", str(log), "-o", options, "start"],
        check=True, stdout=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    yield f"postgresql+psycopg://inkling@/postgres?host={folder}"
    call(*control, "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    """An empty store, in each of the two databases."""
    on_postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres") if on_postgres else settings.store_url
    store = Store(url)
    store.create_tables()
    yield store
    if on_postgres:
        metadata.drop_all(store.engine)
    store.close()


@pytest.fixture
def sqlite_store(settings: Settings) -> Iterator[Store]:
    store = Store(settings.store_url)
    store.create_tables()
    yield store
    store.close()


@pytest.fixture
def supervisor(settings: Settings, sqlite_store: Store) -> Iterator[Supervisor]:
    """Its workers are ended with the test."""
    supervisor = Supervisor(settings, sqlite_store)
    yield supervisor
    for child in supervisor.children.values():
        child.kill()
        child.wait()


def look_until(
    supervisor: Supervisor, run: str, wanted: Callable[[Run], bool], seconds: float = 60
) -> Run:
    """Let the supervisor work until a run is as wanted."""
    deadline = time.monotonic() + seconds
    while True:
        supervisor.look()
        found = supervisor.store.get(run)
        if wanted(found):
            return found
        assert time.monotonic() < deadline, (found.state, found.message, log_of(supervisor, run))
        time.sleep(0.05)


def at_rest(run: Run) -> bool:
    return run.state not in LIVE and run.state != "queued"


def log_of(supervisor: Supervisor, run: str) -> str:
    log = supervisor.settings.runs_dir / run / "log.txt"
    return log.read_text() if log.exists() else ""


@pytest.fixture(scope="session")
def small_dataset() -> Any:
    from app.ml.datasets import DIGIT, DIGITS
    from app.ml.parts import Dataset
    from tests.ml.conftest import small_part

    parts = (small_part(count, seed) for seed, count in enumerate((256, 64, 64)))
    return Dataset("mnist", DIGITS, DIGIT, *parts)


def worker_of(supervisor: Supervisor, run: str) -> "subprocess.Popen[bytes]":
    """The process that trains it now."""
    return supervisor.children[run, supervisor.store.get(run).fence]
