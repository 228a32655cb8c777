"""Every setting and every limit, once."""

import ipaddress
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent  # of the source tree: models, static, templates
KIB, MIB = 1024, 1024 * 1024
PREFIX = "INKLING_"
ORIGIN = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")  # what a CSP can name


@dataclass(frozen=True)
class Limits:
    """What a request may bring and what one picture may cost; bytes unless the name says more."""

    picture_bytes: int = 16 * MIB  # one picture, raw or as a multipart file
    pictures: int = 64  # files in one multipart batch
    multipart_bytes: int = 64 * MIB  # a whole multipart body, part headers included
    json_image_bytes: int = 16 * MIB * 4 // 3 + 64 * KIB  # {"image": base64}, with its JSON around
    strokes_bytes: int = MIB  # {"strokes": ...}
    json_bytes: int = 64 * KIB  # {"pixels": ...} and all other JSON
    json_depth: int = 100  # nested brackets
    stroke_points: int = 100_000  # points in one drawing

    picture_side: int = 8192  # pixels, width or height
    picture_pixels: int = 16_777_216  # 4096 x 4096
    jpeg_pixels: int = 64_000_000  # JPEG decodes at a fraction of its size (draft)
    jpeg_side: int = 16_384  # pixels
    jpeg_scans: int = 64  # a progressive JPEG pays for every scan
    inline_side: int = 256  # pixels; larger pictures decode in a killable process
    inline_bytes: int = 64 * KIB  # the same by file size

    decoders: int = 2  # processes that decode
    decoder_queue: int = 32  # pictures waiting for one; beyond: 503 busy
    decode_seconds: float = 2.0  # then the decoder is killed
    decode_memory: int = 1024 * MIB  # address space of one decoder

    kept_samples: int = 2000  # labelled pictures that one person may keep
    kept_bytes: int = 512 * MIB  # the same in bytes
    all_kept_samples: int = 50_000  # of all people on this server
    all_kept_bytes: int = 4096 * MIB
    kept_an_hour: int = 1000  # tries of everybody at one address who is not the teacher

    dataset_bytes: int = 512 * MIB  # an upload that becomes a dataset
    dataset_unpacked: int = 2048 * MIB  # a zip's pictures once unpacked
    dataset_pictures: int = 50_000  # files in it
    dataset_seconds: float = 30.0  # without a byte, then the upload is given up

    query_bytes: int = 2 * KIB  # of the whole query string
    page_size: int = 100  # entries in one page of a list
    top_k: int = 1000  # classes asked for in one answer
    error_bytes: int = 4 * KIB  # one error answer
    error_entries: int = 10  # wrong fields named in one error answer


LIMITS = Limits()


def default_data_dir() -> Path:
    """The user's own data folder: XDG_DATA_HOME/inkling, by default ~/.local/share/inkling."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "inkling"


class Settings(BaseSettings):
    """Read from INKLING_* in the environment when made; never made at import."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="address the server listens on")
    port: int = Field(8000, ge=0, le=65535, description="port the server listens on")
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="all that changes: own models, kept digits, caches, downloads "
        "(default: a per-user folder, shown at start)",
    )
    datasets_dir: Path | None = Field(
        None, description="dataset files, only read there (default: datasets in the data folder)"
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="more host names the server answers to, separated by commas"
    )
    embed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="origins whose pages may show the drawing page in a frame (/?embed), "
        "separated by commas: https://school.example",
    )
    token: str | None = Field(
        None,
        min_length=16,
        repr=False,
        description="the teacher's secret; made and printed at start when the server listens "
        "beyond this machine; set it behind a proxy on the same machine",
    )
    default_model: str = Field("digits-cnn", description="the model the drawing page starts with")
    models_memory_bytes: int = Field(
        512 * MIB, ge=MIB, description="memory for loaded models; the least used leave first"
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="where runs are kept: postgresql+psycopg://... (default: SQLite in the data "
        "folder)",
    )
    runs_at_once: int = Field(
        0, ge=0, le=64, description="trainings that run at one time (0: one for each two cores)"
    )
    runs_resume: bool = Field(
        False,
        description="resume a training by itself when its process is gone, at most three times "
        "without a new checkpoint",
    )
    runs_bytes: int = Field(
        4096 * MIB,
        ge=MIB,
        description="disk that trainings may take before a new one is refused; first those at "
        "rest keep only their best and last checkpoint",
    )
    access_log: bool = Field(False, description="write one JSON line per request to stderr")

    @field_validator("allowed_hosts", "embed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(name.strip().lower() for name in value.split(",") if name.strip())

    @field_validator("embed_origins")
    @classmethod
    def _check_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(ORIGIN.fullmatch, origins)):
            raise ValueError("an origin is scheme://host[:port], without a path and without *")
        return origins

    @cached_property
    def own_models_dir(self) -> Path:
        return self.data_dir / "models"

    @cached_property
    def kept_dir(self) -> Path:
        return self.data_dir / "my-digits"

    @cached_property
    def dataset_files_dir(self) -> Path:
        return self.datasets_dir or self.data_dir / "datasets"

    @cached_property
    def own_datasets_dir(self) -> Path:
        return self.data_dir / "datasets-own"

    @cached_property
    def runs_dir(self) -> Path:
        """Each run's folder: its checkpoints and its log."""
        return self.data_dir / "runs"

    @cached_property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'inkling.sqlite'}"

    @cached_property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a name or address can only mean this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def describe_settings() -> list[tuple[str, str, str]]:
    """(variable, default, description) of each setting: the one table behind doctor and docs."""
    return [
        (PREFIX + name.upper(), _shown(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _shown(default: object) -> str:
    return str(default) if isinstance(default, (str, int)) else ""
