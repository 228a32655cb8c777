"""The tables of runs and their events, and the databases that can hold them."""

from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)

BUSY_SECONDS = 10.0  # that a connection waits for another one's transaction

metadata = MetaData()
runs = Table(
    "runs",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("purpose", String(16), nullable=False),
    Column("name", String(80), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("reason", String(32)),
    Column("message", Text),
    Column("created", Float, nullable=False),
    Column("queued", Float, nullable=False),  # when it joined the queue, last
    Column("started", Float),
    Column("ended", Float),
    Column("learning_rate", Float),  # the peak that was asked for while it ran
    Column("fence", Integer, nullable=False),  # grows with each claim
    Column("worker", String(128)),  # host:process of the claim
    Column("heartbeat", Float),
    Column("last_seq", Integer, nullable=False),
)
events = Table(
    "events",
    metadata,
    Column("run", String(26), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("variant", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("epoch", Float, nullable=False),
    Column("time", Float, nullable=False),
    Column("fields", JSON, nullable=False),
)


def make_engine(url: str) -> Engine:
    if not url.startswith("sqlite:"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    return engine


def prepare_sqlite(connection: Any, _: Any) -> None:
    """Rollback journal: before SQLite 3.51.3, WAL with several connections could lose data."""
    connection.isolation_level = None  # transactions begin where we say, see begin_sqlite
    for pragma in ("journal_mode=DELETE", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once: two that read first would wait for each other."""
    reads = connection.get_execution_options().get("reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
