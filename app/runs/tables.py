"""The tables of runs and their events, and the databases that can hold them."""

from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.schema import CreateColumn

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
    Column("parent", JSON(none_as_null=True)),  # of a fork: {"run", "step", "variant"}
    Column("variants", JSON(none_as_null=True)),  # [{"name", "hyperparameters"}]
    Column("request_key", String(64)),  # digest of the Idempotency-Key that made it
    Column("request_digest", String(64)),  # of the body that came with the key
)
Index("runs_of_requests", runs.c.owner, runs.c.request_key, unique=True)
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


def create_tables(engine: Engine) -> None:
    """What is not there yet, columns of later versions included; what is there stays."""
    metadata.create_all(engine)
    for table in metadata.sorted_tables:
        there = {column["name"] for column in inspect(engine).get_columns(table.name)}
        with engine.begin() as connection:
            for column in table.columns:
                if column.name not in there:
                    add_column(connection, table, column)
            for index in table.indexes:
                index.create(connection, checkfirst=True)


def add_column(connection: Connection, table: Table, column: "Column[Any]") -> None:
    """Rows that are there get null in it. On PostgreSQL another server may be as quick."""
    exists = "IF NOT EXISTS " if connection.dialect.name == "postgresql" else ""
    declared = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {exists}{declared}")


class DiskFull(RuntimeError):
    """The database has no room for what was to be written; nothing of it was."""


def make_engine(url: str) -> Engine:
    engine = make_postgres(url) if not url.startswith("sqlite:") else make_sqlite(url)
    event.listen(engine, "handle_error", name_a_full_disk)
    return engine


def name_a_full_disk(context: ExceptionContext) -> None:
    text = str(context.original_exception).lower()
    if "disk is full" in text or "no space left" in text:
        raise DiskFull(text) from context.original_exception


def make_postgres(url: str) -> Engine:
    return create_engine(url, pool_pre_ping=True)


def make_sqlite(url: str) -> Engine:
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
