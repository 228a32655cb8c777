"""Paths of picture files -> the part and the class of each."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.ml.samples import check_label

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
PARTS = {  # folders so called, in capitals or not, are parts and no classes
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "val": "validation", "valid": "validation", "validation": "validation",
}  # fmt: skip
MOST_CLASSES = 1_000
LEAST_CLASSES = 2
LEAST_PICTURES = 2  # of each class: one to learn from, one to test with
SHOWN = 200  # characters of a path that is told
LAYOUT = (
    "Put the pictures of each class into a folder of its own: CLASS/*.jpg, or train/CLASS/*.jpg "
    "and test/CLASS/*.jpg."
)


class CannotMake(ValueError):
    """No dataset can be made of it: a code for programs, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class LeftOut:
    """A file that is not in the dataset, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Place:
    """Where a file belongs; part is train or test, `row` its place among the given paths."""

    row: int
    part: str
    label: str


@dataclass
class Arrangement:
    places: list[Place] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def arrange(paths: Sequence[str]) -> Arrangement:
    """Folders that hold everything are passed through, hidden files are not spoken of.

    CannotMake where there are no classes in it, too many, two that look the same, or parts that
    are not where they belong.
    """
    found = Arrangement()
    files = dict(pictures(paths, found))
    files = without_common(files)
    check_tops(files)
    tops = {part_called(top) for top in folders_of(files)}
    has_parts = "train" in tops and None not in tops
    for row, parts in files.items():
        folders = parts[1:-1] if has_parts else parts[:-1]
        if not folders:
            leave(found, paths[row], "It is in no class's folder.")
        elif wrong := wrong_label(folders[0]):
            leave(found, paths[row], wrong)
        else:
            part = part_of(part_called(parts[0]), tops) if has_parts else "train"
            found.places.append(Place(row, part, folders[0]))
    check_classes(found)
    return found


def pictures(paths: Sequence[str], found: Arrangement) -> Iterable[tuple[int, tuple[str, ...]]]:
    """(row, folders and name) of each file that may be a picture."""
    seen = set()
    for row, path in enumerate(paths):
        text = unicodedata.normalize("NFC", path.replace("\\", "/"))
        parts = tuple(part for part in text.split("/") if part not in ("", "."))
        if not parts or text.endswith("/") or "__MACOSX" in parts:
            continue
        is_hidden = any(part.startswith(".") and part != ".." for part in parts)
        if is_hidden and not may_be_picture(parts[-1]):
            continue
        if ".." in parts or text.startswith("/") or "\0" in text:
            leave(found, path, "Its path leads elsewhere.")
        elif is_hidden:
            leave(found, path, "Its folder's name begins with a dot, as hidden ones do.")
        elif not may_be_picture(parts[-1]):
            leave(found, path, "By its name it is no PNG, JPEG, WebP, GIF or BMP.")
        elif parts in seen:
            leave(found, path, "There is another file of the same name.")
        else:
            seen.add(parts)
            yield row, parts


def may_be_picture(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def without_common(files: dict[int, tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    """Without the one folder in which all classes or parts lie, as zips often have it."""
    while max(map(len, files.values()), default=0) >= 3:
        tops = folders_of(files)
        if len(tops) > 1 or any(map(part_called, tops)):
            break
        files = {row: parts[1:] or parts for row, parts in files.items()}
    return files


def folders_of(files: dict[int, tuple[str, ...]]) -> set[str]:
    """At the top; a file that lies beside them decides nothing."""
    return {parts[0] for parts in files.values() if len(parts) > 1}


def check_tops(files: dict[int, tuple[str, ...]]) -> None:
    """A class may be called train. A folder train that holds folders, beside classes, may be meant
    either way; and where parts are misplaced, pictures to test with would be learnt from."""
    tops = sorted(folders_of(files))
    called = {top: part_called(top) for top in tops}
    classes = [top for top in tops if called[top] is None]
    parted = {parts[0] for parts in files.values() if len(parts) > 2 and called.get(parts[0])}
    if classes and parted:
        sentence = (
            f"{min(parted)} has folders in it, as a part has, and stands beside {classes[0]}, "
            f"which would be a class. {LAYOUT}"
        )
        raise CannotMake("parts_beside_classes", sentence)
    if parted and "train" not in called.values():
        sentence = f"There is a part {min(parted)}, but none to learn from. {LAYOUT}"
        raise CannotMake("no_training_part", sentence)
    within = {parts[1] for parts in files.values() if len(parts) > 2}
    if len(classes) == len(tops) > 1 and within and all(map(part_called, within)):
        sentence = f"{classes[0]} holds {min(within)}; it must be the other way round. {LAYOUT}"
        raise CannotMake("parts_within_classes", sentence)


def part_called(folder: str) -> str | None:
    return PARTS.get(folder.casefold())


def part_of(part: str | None, parts: set[str | None]) -> str:
    """A validation folder is the test where there is no other, else it is learnt from: what to
    choose by is cut from the training pictures."""
    if part == "validation":
        return "train" if "test" in parts else "test"
    return part or "train"


def wrong_label(label: str) -> str:
    try:
        check_label(label)
    except ValueError as error:
        return f"Its folder's name is no class: {error}."
    return ""


def leave(found: Arrangement, path: str, reason: str) -> None:
    found.left_out.append(left(path, reason))


def left(path: str, reason: str) -> LeftOut:
    """The beginning of the path; a file system's name may be no text at all."""
    return LeftOut(path[:SHOWN].encode("utf-8", "replace").decode(), reason)


def check_classes(found: Arrangement) -> None:
    labels = {place.label for place in found.places if place.part == "train"}
    for label in sorted({place.label for place in found.places} - labels):
        leave(found, f"test/{label}", "This class has no training pictures.")
    found.places = [place for place in found.places if place.label in labels]
    alike = defaultdict(list)
    for label in sorted(labels):
        alike[label.casefold()].append(label)
    twins = next((names for names in alike.values() if len(names) > 1), None)
    if twins:
        sentence = f"The classes {twins[0]} and {twins[1]} can hardly be told apart. Rename one."
        raise CannotMake("classes_alike", sentence)
    if len(labels) < LEAST_CLASSES:
        few = "only one class" if labels else "no class"
        why = because(found.left_out)
        raise CannotMake("too_few_classes", f"There is {few} in it. {LAYOUT}{why}")
    if len(labels) > MOST_CLASSES:
        sentence = f"There are {len(labels):,} classes in it, more than {MOST_CLASSES:,}. {LAYOUT}"
        raise CannotMake("too_many_classes", sentence)


def because(left_out: Sequence[LeftOut]) -> str:
    """What the first of the files that were left out lacks."""
    if not left_out:
        return ""
    first, count = left_out[0], len(left_out)
    files = "1 file was" if count == 1 else f"{count:,} files were"
    return f" {files} left out, first {first.path}: {first.reason}"


def check_counts(counts: dict[str, int], left_out: Sequence[LeftOut]) -> None:
    """CannotMake where a class has too few pictures that can be read."""
    for label, count in counts.items():
        if count < LEAST_PICTURES:
            sentence = (
                f"The class {label} has {count} readable picture{'' if count == 1 else 's'}; each "
                f"class needs {LEAST_PICTURES} at least. Add some, or remove its folder."
                f"{because(left_out)}"
            )
            raise CannotMake("too_few_pictures", sentence)
