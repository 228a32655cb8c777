"""An imported network's answers, by the ways that people use, against torchvision's own code."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import torch
from PIL import Image

from app.ml.checkpoints import ModelEntry, ModelLibrary
from app.ml.importing import import_model
from app.ml.inference import load_classifier
from app.ml.torchvision_models import published, torchvision_models
from app.settings import Settings
from app.verbs.predict import read
from bench.machine import figure
from bench.server import free_port, start_server, wait_until_ready

NAME, ARCHITECTURE = "imagenet-squeezenet", "squeezenet1_0"
WEIGHTS, SAMPLE = "weights/squeezenet1_0.pth", "imagenet-sample"
Post = Callable[[str, bytes], httpx.Response]


def run() -> None:
    root = Settings().dataset_files_dir
    if not (root / WEIGHTS).is_file() or not (root / SAMPLE).is_dir():
        print(f"imports: {WEIGHTS} and {SAMPLE} are not in {root}", file=sys.stderr)
        return
    files = sample(root)
    with TemporaryDirectory() as data:
        entry = imported(root, Path(data))
        expected = by_torchvision(root, files)
        for way, found in (
            ("command line", by_command_line(entry, files)),
            ("REST", by_server(data, files)),
        ):
            same = sum(a == b for a, b in zip(found, expected, strict=True))
            what = f"{NAME}: same class as plain torchvision, {way}"
            figure(what, f"{same} of {len(files)}", "100 of 100")
    right = sum(is_right(file, label) for file, label in zip(files, expected, strict=True))
    figure(f"{NAME} on the sample: right", f"{right} of {len(files)}", "-")


def sample(root: Path) -> list[Path]:
    return sorted((root / SAMPLE).glob("*.JPEG"))


def imported(root: Path, data: Path) -> ModelEntry:
    library = ModelLibrary(data / "none-ship", data / "models")
    return import_model(ARCHITECTURE, root / WEIGHTS, NAME, library)


def by_torchvision(root: Path, files: Sequence[Path]) -> list[str]:
    """Resize, CenterCrop, ToTensor and Normalize on Pillow's picture, then the network: top-1."""
    torchvision_models()
    from torchvision import models, transforms

    network = models.squeezenet1_0(weights=None).eval()
    network.load_state_dict(torch.load(root / WEIGHTS, weights_only=True))
    prepare = transforms.Compose([
        transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])  # fmt: skip
    labels = published(ARCHITECTURE)[0].classes
    with torch.inference_mode():
        return [labels[int(network(prepare(opened(file))[None]).argmax())] for file in files]


def opened(file: Path) -> Image.Image:
    return Image.open(file).convert("RGB")


def by_command_line(entry: ModelEntry, files: Sequence[Path]) -> list[str]:
    classifier = load_classifier(entry)
    return [read(classifier, file)["predictions"][0]["label"] for file in files]


def by_server(data: str, files: Sequence[Path]) -> list[str]:
    port = free_port()
    process = start_server(port, data)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ready(address, process)
        with httpx.Client(base_url=address, timeout=60) as client:
            kind = {"Content-Type": "image/jpeg"}
            return by_rest(lambda at, jpeg: client.post(at, content=jpeg, headers=kind), files)
    finally:
        process.terminate()
        process.wait(20)


def by_rest(post: Post, files: Sequence[Path]) -> list[str]:
    at = f"/api/v1/models/{NAME}/predict?top_k=5"
    answers = (post(at, file.read_bytes()).json() for file in files)
    return [answer["predictions"][0]["label"] for answer in answers]


def is_right(file: Path, label: str) -> bool:
    return file.stem.partition("_")[2].replace("_", " ").lower() == label.lower()
