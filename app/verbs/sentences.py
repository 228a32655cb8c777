"""How a verb says that it cannot work."""

import sys


def cannot(verb: str, error: Exception | str) -> int:
    """The sentence on stderr; exit code 2."""
    reason = error.args[0] if isinstance(error, Exception) and error.args else error
    print(f"./run {verb}: {reason}", file=sys.stderr)
    return 2
