"""Weights from elsewhere: checked tensor by tensor, rewritten, and hostile files refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from app.ml.checkpoints import ModelLibrary
from app.ml.foreign_weights import (
    Unfit,
    check_size,
    fitted,
    read_foreign,
    shapes_of,
    tensors_in,
)
from app.ml.importing import import_model
from app.ml.inference import load_classifier
from app.ml.networks import build
from tests.ml.foreign import ARCHITECTURE, Code, weights, write_bomb, write_pth


def why(file: Path, architecture: str = ARCHITECTURE) -> str:
    with pytest.raises(Unfit) as refused:
        fitted(tensors_in(file), shapes_of(architecture))
    return str(refused.value)


def test_a_file_becomes_a_model_that_predicts_as_the_network_did(tmp_path: Path) -> None:
    library = ModelLibrary(tmp_path / "shipped", tmp_path / "own")
    wrapped = {"state_dict": {f"module.{name}": value for name, value in weights().items()}}
    file = write_pth(tmp_path / "net.pth", wrapped)
    entry = import_model(ARCHITECTURE, file, "mine", library, "mine to give")
    assert [path.name for path in library.own.iterdir()] == ["mine"]
    assert entry.card is not None
    assert entry.card.licence == "mine to give"
    assert "none of those in torchvision's table" in entry.card.notes[0]
    network = build(ARCHITECTURE, {}, (3, 224, 224), 1000).eval()
    network.load_state_dict(weights())
    pixels = torch.randint(0, 256, (1, 3, 224, 224), dtype=torch.uint8)
    classifier = load_classifier(entry)
    expected = network(classifier.normalised(pixels.numpy()))
    assert torch.allclose(classifier.logits(pixels.numpy()), expected, atol=1e-4)
    with pytest.raises(FileExistsError):
        import_model(ARCHITECTURE, file, "mine", library)


def test_code_and_bombs_run_into_walls(tmp_path: Path) -> None:
    code = write_pth(tmp_path / "code.pth", {"a": Code(tmp_path / "witness")})
    with pytest.raises(Unfit, match="more than weights"):
        read_foreign(ARCHITECTURE, code, tmp_path / "out")
    bomb = write_bomb(tmp_path / "bomb.pth", 600 << 20)
    with pytest.raises(Unfit, match="memory"):
        read_foreign(ARCHITECTURE, bomb, tmp_path / "out")
    assert not (tmp_path / "witness").exists()
    assert not (tmp_path / "out").exists()


def test_a_network_whose_answer_is_no_number_is_refused(tmp_path: Path) -> None:
    """Each number is finite, and what they make of a picture is not."""
    library = ModelLibrary(tmp_path / "shipped", tmp_path / "own")
    huge = {name: torch.full_like(value, 1e38) for name, value in weights().items()}
    file = write_pth(tmp_path / "huge.pth", huge)
    with pytest.raises(Unfit, match="is no number"):
        import_model(ARCHITECTURE, file, "huge", library)
    assert list(library.own.iterdir()) == []
    with pytest.raises(Unfit, match="is no file"):
        read_foreign(ARCHITECTURE, tmp_path, tmp_path / "out")


def test_a_file_of_the_wrong_size_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.pth").open("wb") as file:
        file.truncate(10 << 30)
    with pytest.raises(Unfit, match=r"10,737 MB; the weights of squeezenet1_1 have 5 MB"):
        check_size(ARCHITECTURE, tmp_path / "huge.pth")


def test_the_first_tensor_that_does_not_fit_is_named(tmp_path: Path) -> None:
    good = weights()
    name = "classifier.1.bias"
    for wrong, sentence in (
        ({k: v for k, v in good.items() if k != name}, f"no tensor {name}"),
        (good | {name: torch.zeros(5)}, f"{name} is 5; this network's is 1000"),
        (good | {name: good[name].double()}, "torch.float64"),
        (good | {name: good[name] * torch.nan}, f"{name} holds values that are not numbers"),
        (good | {name: good[name].to_sparse()}, "no plain table"),
        (good | {"extra": torch.zeros(1)}, "a tensor extra that"),
        ([1, 2], "not a table of named tensors"),
    ):
        assert sentence in why(write_pth(tmp_path / "wrong.pth", wrong))
    assert "features.0.weight is 64 x 3 x 3 x 3" in why(
        write_pth(tmp_path / "a.pth", good), "alexnet"
    )


def test_damaged_files_are_sentences(tmp_path: Path) -> None:
    whole = write_pth(tmp_path / "whole.pth", weights()).read_bytes()
    for content in (b"", b"\x80", whole[:1_000_000], bytes(range(256)) * 99, b"PK\3\4" + whole[9:]):
        (tmp_path / "bad.pth").write_bytes(content)
        assert why(tmp_path / "bad.pth")
    (tmp_path / "bad.pth").write_bytes((1 << 40).to_bytes(8, "little") + b"{" + bytes(99))
    assert "damaged safetensors" in why(tmp_path / "bad.pth")


def test_safetensors_and_half_precision_are_taken_too(tmp_path: Path) -> None:
    half = {name: value.half() for name, value in weights().items()}
    save_file(half, tmp_path / "half.safetensors")
    found = fitted(tensors_in(tmp_path / "half.safetensors"), shapes_of(ARCHITECTURE))
    assert found["classifier.1.weight"].dtype is torch.float32
    assert torch.equal(found["classifier.1.weight"].half(), half["classifier.1.weight"])


def test_densenets_first_names_are_understood() -> None:
    wanted = shapes_of("densenet121")
    old = {
        name.replace("norm1", "norm.1").replace("conv2", "conv.2"): torch.zeros_like(
            t, device="cpu"
        )
        for name, t in wanted.items()
    }
    assert list(fitted(old, wanted)) == list(wanted)
