"""A page's scripts and all that they import, named in its head: nothing waits for another."""

import re
from functools import cache
from posixpath import dirname, join, normpath

from markupsafe import Markup

from app.settings import ROOT

IMPORT = re.compile(r'^(?:import|export)\s(?:[^";]*\sfrom\s)?"(\.{1,2}/[^"]+)\.js";', re.MULTILINE)
JS = ROOT / "static/js"


@cache
def scripts(*names: str) -> Markup:
    """The tags for static/js/NAME.js of each."""
    tag = Markup('<script type="module" src="/static/js/{}.js"></script>')
    preload = Markup('<link rel="modulepreload" href="/static/js/{}.js" fetchpriority="low">')
    tags = [tag.format(name) for name in names]
    tags += [preload.format(name) for name in sorted(imported(names) - set(names))]
    return Markup("\n").join(tags)


def imported(names: tuple[str, ...]) -> set[str]:
    """What scripts import when they start, and what that does, themselves included."""
    found, asked = set(names), list(names)
    while asked:
        here = asked.pop()
        text = (JS / f"{here}.js").read_text(encoding="utf-8")
        new = {normpath(join(dirname(here), path)) for path in IMPORT.findall(text)} - found
        found |= new
        asked += new
    return found
