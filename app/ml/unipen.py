"""UNIPEN 1.0 text -> isolated digits with their strokes (Guyon et al., 1994).

A file is a list of statements that begin with a dot. Each .PEN_DOWN and .PEN_UP opens a component
of coordinate lines; a .SEGMENT says which components make a piece of writing, and its label.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Point = tuple[float, float]
Include = Callable[[str], str]  # the name in an .INCLUDE statement -> that file's text

SEGMENT = re.compile(r'\.SEGMENT\s+(\w+)\s+(\S+)\s+.*"([0-9])"\s*$')
RANGE = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?$")
DEEPEST = 8  # files that include files


@dataclass
class Component:
    is_down: bool
    points: list[Point] = field(default_factory=list)


@dataclass(frozen=True)
class Segment:
    """delineation is `?` (what follows, up to the next segment) or ranges such as 0-2,5:3-6:9."""

    label: int
    delineation: str
    start: int  # components that came before it


@dataclass
class Unipen:
    """One file and what it includes, read in order."""

    include: Include
    components: list[Component] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    columns: tuple[int, int] = (0, 1)  # of x and y in a coordinate line

    def read(self, text: str, depth: int = 0) -> "Unipen":
        for line in text.splitlines():
            if line.startswith("."):
                self.statement(line, depth)
            elif self.components and line.strip():
                self.coordinates(line)
        return self

    def statement(self, line: str, depth: int) -> None:
        keyword, _, rest = line.partition(" ")
        if keyword in (".PEN_DOWN", ".PEN_UP"):
            self.components.append(Component(keyword == ".PEN_DOWN"))
        elif keyword == ".COORD" and {"X", "Y"} <= set(rest.split()):
            names = rest.split()
            self.columns = names.index("X"), names.index("Y")
        elif keyword == ".INCLUDE" and depth < DEEPEST:
            self.read(self.include(rest.strip()), depth + 1)
        elif found := SEGMENT.match(line):
            self.segments.append(Segment(int(found[3]), found[2], len(self.components)))

    def coordinates(self, line: str) -> None:
        words = line.split()
        try:
            self.components[-1].points.append(
                (float(words[self.columns[0]]), float(words[self.columns[1]]))
            )
        except (ValueError, IndexError):
            return  # a line of prose between statements

    def digits(self) -> Iterator[tuple[int, list[list[Point]]]]:
        """(label, strokes) of each segment that is one digit and has ink; y grows upwards."""
        ends = [*(segment.start for segment in self.segments), len(self.components)][1:]
        for segment, end in zip(self.segments, ends, strict=False):
            if segment.delineation == "?":
                parts = self.components[segment.start : end]
            else:
                parts = self.chosen(segment.delineation)
            strokes = [part.points for part in parts if part.is_down and part.points]
            if strokes:
                yield segment.label, strokes

    def chosen(self, delineation: str) -> list[Component]:
        """The components of 0-2,5:3-6:9 (component:point), cut at the points given."""
        parts: list[Component] = []
        for piece in delineation.split(","):
            if found := RANGE.match(piece):
                first, last = int(found[1]), int(found[3] or found[1])
                start = int(found[2] or 0)
                end = int(found[4]) + 1 if found[4] else None
                for number in range(first, min(last + 1, len(self.components))):
                    component = self.components[number]
                    low, high = start if number == first else 0, end if number == last else None
                    parts.append(Component(component.is_down, component.points[low:high]))
        return parts
