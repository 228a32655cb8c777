"""How /docs and /openapi.json describe the making of a dataset."""

from typing import Any

from app.settings import LIMITS, MIB
from app.web.api.kept_docs import example

BINARY = {"type": "string", "format": "binary"}
MADE: dict[str, Any] = {
    "name": "clothes", "title": "clothes", "classes": ["shirt", "shoes"], "side": 64,
    "channels": 3, "licence": "CC0", "attribution": "photographed in class", "present": True,
    "bring": "", "mean": [0.5, 0.45, 0.4], "std": [0.2, 0.2, 0.2], "own": True,
    "pictures": 120, "train": [48, 47], "test": [12, 12],
    "split_seed": 0, "left_out": 1,
    "reasons": [{"path": "shoes/notes.pdf",
                 "reason": "By its name it is no PNG, JPEG, WebP, GIF or BMP."}],
}  # fmt: skip
BODY = {
    "application/zip": {"schema": BINARY},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "array", "items": BINARY}},
            "required": ["file"],
        }
    },
}
MAKE_DOCS: dict[str, Any] = {
    "summary": "Make a dataset of one's own pictures",
    "description": (
        "A zip, or a form whose files are called `file` and have paths as their names. The folders "
        "are the classes: `CLASS/*.jpg`, of which a fifth of each class is held back as the test "
        "part; or `train/CLASS/*.jpg` and `test/CLASS/*.jpg`. Each picture is decoded as an upload "
        "is, and kept at 512 pixels at most: nothing else of the file is. What cannot be a picture "
        "is left out and told; where something is in the way of the whole, nothing is kept. At "
        f"most {LIMITS.dataset_bytes // MIB} MiB, {LIMITS.dataset_unpacked // MIB} MiB unpacked, "
        f"{LIMITS.dataset_pictures:,} files and 1,000 classes; two pictures of each class at least."
    ),
    "response_description": "it can be looked at and learnt from",
    "responses": {
        201: example(MADE),
        400: {"description": "`invalid_multipart`"},
        408: {"description": f"`too_slow`: nothing came for {LIMITS.dataset_seconds:.0f} s"},
        409: {"description": "`name_taken`"},
        413: {"description": "`too_large`, `too_many_pictures`, `too_many_classes`"},
        415: {"description": "`unsupported_media_type`: send application/zip or a form"},
        422: {
            "description": "`wrong_name`, `wrong_text`, `damaged_zip`, `too_few_classes`, "
            "`too_few_pictures`, `classes_alike`, `parts_beside_classes`, `parts_within_classes`, "
            "`no_training_part`, `unknown_field`"
        },
        503: {"description": "`busy`: another dataset is being made"},
        507: {"description": "`disk_full`; nothing was kept"},
    },
    "openapi_extra": {"requestBody": {"required": True, "content": BODY}},
}
DELETE_DOCS: dict[str, Any] = {
    "summary": "Delete a dataset of one's own",
    "description": "What was trained on it stays, and can no longer be examined.",
    "response_description": "it is gone",
    "responses": {
        404: {"description": "`unknown_dataset`"},
        409: {"description": "`not_own`; or `in_use` by a run that waits or trains"},
    },
}
