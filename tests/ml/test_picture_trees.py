import pytest

from app.ml.picture_trees import CannotMake, arrange


def placed(*paths: str) -> list[str]:
    return sorted(f"{each.part}/{each.label}/{each.row}" for each in arrange(paths).places)


def left_out(*paths: str) -> dict[str, str]:
    base = ("cat/1.jpg", "cat/2.jpg", "dog/1.jpg", "dog/2.jpg")
    return {each.path: each.reason for each in arrange((*base, *paths)).left_out}


def test_one_level_of_folders_is_the_classes() -> None:
    assert placed("cat/1.jpg", "dog/deep/2.PNG") == ["train/cat/0", "train/dog/1"]


@pytest.mark.parametrize("top", ["", "pets/", "a/b/", "C:/pets/"])
def test_parts_are_found_below_folders_that_hold_all(top: str) -> None:
    paths = ("train/cat/1.jpg", "train/dog/1.jpg", "test/dog/2.jpg")
    assert placed(*(top + path for path in paths)) == ["test/dog/2", "train/cat/0", "train/dog/1"]
    windows = tuple((top + path).replace("/", "\\") for path in paths)
    assert placed(*windows) == placed(*paths)


def test_a_validation_folder_is_the_test_where_there_is_no_other() -> None:
    train = ("train/cat/1.jpg", "train/dog/1.jpg", "val/dog/2.jpg")
    assert placed(*train)[0] == "test/dog/2"
    assert placed(*train, "test/cat/3.jpg") == [
        "test/cat/3", "train/cat/0", "train/dog/1", "train/dog/2"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "paths",
    [
        ("Train/cat/1.jpg", "TRAIN/dog/1.jpg", "Test/dog/2.jpg"),
        ("training/cat/1.jpg", "training/dog/1.jpg", "testing/dog/2.jpg"),
        ("train/cat/1.jpg", "train/dog/1.jpg", "valid/dog/2.jpg"),
        ("train/cat/1.jpg", "train/dog/1.jpg", "test/dog/2.jpg", "cover.png"),
        ("d/train/cat/1.jpg", "d/train/dog/1.jpg", "d/test/dog/2.jpg", "d/sample.jpg", "up.jpg"),
    ],
)
def test_parts_are_known_by_their_usual_names_and_a_file_beside_them_decides_nothing(
    paths: tuple[str, ...],
) -> None:
    assert placed(*paths) == ["test/dog/2", "train/cat/0", "train/dog/1"]
    assert len(arrange(paths).left_out) == len(paths) - 3


def test_classes_may_be_called_as_parts_are_within_one() -> None:
    assert placed("train/train/1.jpg", "train/test/1.jpg") == ["train/test/1", "train/train/0"]


def test_a_refusal_tells_what_the_first_file_left_out_lacks() -> None:
    with pytest.raises(CannotMake, match=r"2 files were left out, first cat/a\.txt: By its name"):
        arrange(("cat/a.txt", "dog/b.txt"))


def test_what_systems_leave_behind_is_not_spoken_of() -> None:
    paths = "__MACOSX/cat/._1.jpg", "cat/.DS_Store", "cat/._1.jpg", ".git/config", "cat/./"
    assert left_out(*paths) == {}


def test_what_cannot_be_in_it_is_named_with_its_reason() -> None:
    found = left_out(
        "../../etc/1.jpg", "/cat/3.jpg", "cat/notes.pdf", "cat/shell.jpg.exe", "cat//1.jpg",
        f"{'x' * 41}/1.jpg", "cat\n/1.jpg", "cat/\0.jpg", ".birds/1.jpg",
    )  # fmt: skip
    assert found["../../etc/1.jpg"] == found["/cat/3.jpg"] == "Its path leads elsewhere."
    assert found["cat/\0.jpg"] == "Its path leads elsewhere."
    assert found["cat/notes.pdf"] == found["cat/shell.jpg.exe"] != ""
    assert found["cat//1.jpg"] == "There is another file of the same name."
    assert "1 to 40 characters" in found[f"{'x' * 41}/1.jpg"]
    assert "can be seen" in found["cat\n/1.jpg"] and "dot" in found[".birds/1.jpg"]
    assert len(found) == 9
    assert left_out("train/1.jpg") == {}  # then train is a class like any other


def test_names_are_compared_as_people_see_them() -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    both = arrange((f"{composed}/1.jpg", f"{apart}/2.jpg", "bar/1.jpg"))
    assert {each.label for each in both.places} == {composed, "bar"}
    with pytest.raises(CannotMake, match="Cat and cat can hardly be told apart"):
        arrange(("Cat/1.jpg", "cat/2.jpg", "dog/1.jpg"))


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        ((), "too_few_classes"),
        (("cat/1.jpg", "cat/2.jpg"), "too_few_classes"),
        (("1.jpg", "2.jpg"), "too_few_classes"),
        (("train/cat/1.jpg", "test/cat/1.jpg", "test/dog/1.jpg"), "too_few_classes"),
        (tuple(f"class-{number}/1.jpg" for number in range(1_001)), "too_many_classes"),
        (("cat/1.jpg", "dog/1.jpg", "Train/cat/2.jpg"), "parts_beside_classes"),
        (("val/cat/1.jpg", "val/dog/1.jpg", "test/cat/2.jpg"), "no_training_part"),
        (("cat/train/1.jpg", "cat/test/2.jpg", "dog/train/3.jpg"), "parts_within_classes"),
    ],
)
def test_where_the_classes_are_not_clear_nothing_is_made(paths: tuple[str, ...], code: str) -> None:
    with pytest.raises(CannotMake, match="folder of its own") as refused:
        arrange(paths)
    assert refused.value.code == code
