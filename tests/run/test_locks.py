"""The lock files pin all that pyproject.toml asks for, in plain lines."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.run.conftest import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*(; sys_platform [!=]= \"win32\")?")


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    plain = [line.split(";")[0] for line in lines if not line.startswith("#")]
    return dict(line.split("==") for line in plain)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_sorted_pins_and_no_address(lock: str) -> None:
    lines = [line for line in (ROOT / lock).read_text().splitlines() if line[0] != "#"]
    assert [line for line in lines if not PIN.fullmatch(line)] == []
    assert lines == sorted(lines, key=lambda line: line.split("==")[0])


@pytest.mark.parametrize("text", PROJECT["dependencies"])
def test_the_product_lock_satisfies_every_dependency(text: str) -> None:
    wanted = Requirement(text)
    assert pins(LOCKS[0])[canonicalize_name(wanted.name)] in wanted.specifier


@pytest.mark.parametrize("text", PROJECT["optional-dependencies"]["test"])
def test_the_lock_for_tests_satisfies_every_dependency_of_the_tests(text: str) -> None:
    wanted = Requirement(text)
    assert pins(LOCKS[1])[canonicalize_name(wanted.name)] in wanted.specifier


def test_nothing_is_pinned_twice() -> None:
    assert not set(pins(LOCKS[0])) & set(pins(LOCKS[1]))
