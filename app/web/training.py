"""The server's part in runs: the store, the supervisor of its workers, the followers of events."""

import asyncio
from typing import TYPE_CHECKING

from app.settings import Settings
from app.web.engine import settle
from app.web.errors import ApiError

if TYPE_CHECKING:
    from app.runs.store import Store
    from app.runs.supervisor import Supervisor
    from app.web.events import Followers


class Training:
    """Opened in the background once the server runs: its libraries take a quarter of a second,
    which no prediction should wait for."""

    store: "Store"
    supervisor: "Supervisor"
    followers: "Followers"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._opening: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._opening = asyncio.get_running_loop().create_task(self._begin())

    async def opened(self) -> None:
        """Wait until it is; ApiError 503 when the database cannot be used."""
        try:
            if self._opening is not None:
                await asyncio.shield(self._opening)
            elif not hasattr(self, "store"):  # an app that was not started: no workers
                await self._open()
        except Exception as error:
            sentence = "The database of runs cannot be opened; the server's log tells why."
            raise ApiError(503, "no_database", sentence) from error

    async def stop(self) -> None:
        """Workers go on; the next server adopts them."""
        if self._opening is None:
            return
        self._opening.cancel()
        await asyncio.gather(self._opening, return_exceptions=True)
        if hasattr(self, "supervisor"):
            await self.supervisor.stop()
            await self.followers.stop()
            self.store.close()

    async def _begin(self) -> None:
        await self._open()
        self.supervisor.start()
        await asyncio.to_thread(settle)  # these libraries stay for good too

    async def _open(self) -> None:
        self.store = await asyncio.to_thread(open_store, self.settings)
        from app.runs.supervisor import Supervisor
        from app.web.events import Followers

        self.supervisor = Supervisor(self.settings, self.store)
        self.followers = Followers(self.store)


def open_store(settings: Settings) -> "Store":
    from app.runs import supervisor
    from app.runs.store import Store
    from app.web import events

    assert supervisor and events  # imported here, off the event loop
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = Store(settings.store_url)
    store.create_tables()
    return store
