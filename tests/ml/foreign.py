"""Files of weights that arrive from elsewhere, good and bad, made at test time."""

import zipfile
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from app.ml.checkpoints import ModelEntry, ModelLibrary
from app.ml.importing import make_card
from app.ml.preprocessing import Preprocessing
from app.ml.torchvision_models import build_architecture

ARCHITECTURE = "squeezenet1_1"  # 5 MB


def weights(seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return build_architecture(ARCHITECTURE, (3, 224, 224), 1000).state_dict()


def write_pth(file: Path, content: object) -> Path:
    torch.save(content, file)
    return file


class Code:
    """Unpickling it would make a folder."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[object, ...]:
        return Path.mkdir, (self.witness,)


def write_bomb(file: Path, unpacked: int) -> Path:
    """Weights in a few MB, the first of which unpack to so many bytes."""
    plain = write_pth(file.with_name("plain.pth"), weights())
    with zipfile.ZipFile(plain) as good, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bad:
        for entry in good.infolist():
            with bad.open(entry.filename, "w") as opened:
                if entry.filename.endswith("/data/0"):
                    for _ in range(unpacked >> 20):
                        opened.write(bytes(1 << 20))
                else:
                    opened.write(good.read(entry))
    return file


def save_imported(library: ModelLibrary, name: str = "imported", size: int = 64) -> ModelEntry:
    """An untrained network of torchvision as a model for photographs of `size` pixels, as the
    import leaves one."""
    card = replace(
        make_card(ARCHITECTURE, Path(__file__), name, "none"),
        preprocessing=Preprocessing(
            "photo", size, 3, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), {"resize": size + 8}
        ),
    )
    return library.save(card, weights())
