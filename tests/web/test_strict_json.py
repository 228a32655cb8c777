"""JSON that breaks its standard is refused in one sentence that repeats nothing of it."""

import pytest

from app.settings import LIMITS
from app.web.errors import ApiError
from app.web.strict_json import depth, read_json


def test_an_object_is_read() -> None:
    assert read_json('{"a": [1, 2.5, -0, 1e-400], "ä": "\\ud83d\\ude00"}'.encode()) == {
        "a": [1, 2.5, 0, 0.0],
        "ä": "😀",
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": NaN}', "not_finite"),
        (b'{"a": [Infinity]}', "not_finite"),
        (b'{"a": -Infinity}', "not_finite"),
        (b'{"a": "\\ud800"}', "invalid_json"),
        (b'{"\\udfff": 1}', "invalid_json"),
        (b'{"a": ["\\udc00\\ud800"]}', "invalid_json"),
        (b'{"a": 1, "a": 2}', "invalid_json"),
        (b'{"a": {"b": 1, "b": 1}}', "invalid_json"),
        (b'{"a": 1} x', "invalid_json"),
        (b'{"a": 1}{}', "invalid_json"),
        (b'{"a": 0x1}', "invalid_json"),
        (b'{"a": 01}', "invalid_json"),
        (b"{'a': 1}", "invalid_json"),
        (b'{"a": 1,}', "invalid_json"),
        (b'{"a": ' + b"1" * 5000 + b"}", "invalid_json"),
        (b'\xef\xbb\xbf{"a": 1}', "invalid_json"),
        ('{"a": 1}'.encode("utf-16"), "invalid_json"),
        (b'{"a": "\xff"}', "invalid_json"),
        (b'{"a": "\xed\xa0\x80"}', "invalid_json"),
        (b"[1]", "invalid_json"),
        (b'"a"', "invalid_json"),
        (b"", "invalid_json"),
        (b"null", "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b"[" * 100_000 + b"]" * 100_000, "invalid_json"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "invalid_json"),
        (b'{"a":' + b"[" * 900 + b"]" * 900 + b"}", "invalid_json"),
    ],
)
def test_what_is_not_strict_json_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        read_json(body)
    assert (refused.value.status, refused.value.code) == (422, code)


def test_brackets_in_strings_are_not_nesting() -> None:
    assert read_json(b'{"a": "' + b"[" * 1000 + b'"}')
    assert depth(b'{"a\\"": "[[[\\\\", "b": [' + b"[]," * 500 + b"[]]}") == 3


def test_the_deepest_allowed_nesting_is_read() -> None:
    inside = LIMITS.json_depth - 1
    assert read_json(b'{"a":' + b"[" * inside + b"]" * inside + b"}")
