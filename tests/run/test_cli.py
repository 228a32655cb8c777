"""The parser of the verbs: readable before anything is installed."""

import subprocess
import sys

import pytest

from app import __version__, cli
from tests.run.conftest import ROOT


def test_the_parser_needs_the_standard_library_alone() -> None:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from app import cli; cli.parser()"
    made = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, timeout=60
    )
    assert (made.returncode, made.stderr) == (0, "")


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0
    listed = capsys.readouterr().out.split("  VERB\n")[1].split("\n\n")[0].splitlines()
    assert len(listed) >= len(cli.VERBS)
    for line in listed:
        assert len(line.split()) > 1, f"{line.strip()} has no help"


def test_version_is_the_one_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"Inkling {__version__}\n"


@pytest.mark.parametrize("text", ["x", "-1", "65536", "8.0", "٨٠٠٠", ""])
def test_a_port_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["serve", f"--port={text}"])
    assert end.value.code == 2
    assert "is no port; take a number from 0 to 65535" in capsys.readouterr().err
