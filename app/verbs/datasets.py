"""`./run datasets`: which there are, and bring one."""

import json
from pathlib import Path

from app.ml.datasets import DATASETS, Datasets
from app.ml.downloads import DownloadFailed, Progress, download
from app.ml.pen_sources import download_pens
from app.settings import Settings
from app.verbs.progress import DownloadBar
from app.verbs.sentences import cannot

JOINED = {"digits": ("mnist", "pen-digits")}


def bring(name: str, root: Path, progress: Progress) -> None:
    if name == "pen-digits":
        download_pens(root, progress)
    else:
        download(DATASETS[name], root, progress)


def start(action: str | None, name: str | None, as_json: bool) -> int:
    settings = Settings()
    root = settings.dataset_files_dir
    if action == "download":
        if name not in DATASETS:
            return cannot("datasets", f"name a dataset to download: {', '.join(DATASETS)}")
        try:
            with DownloadBar() as bar:
                for part in JOINED.get(name, (name,)):
                    bring(part, root, bar.show)
        except (DownloadFailed, OSError) as error:
            return cannot("datasets", str(error))
    rows = [
        {
            "name": entry.name,
            "title": entry.title,
            "present": not entry.missing(root),
            "licence": entry.licence,
        }
        for entry in Datasets(settings.own_datasets_dir).values()
    ]
    print(f"in {root}:")
    for row in rows:
        state = "here" if row["present"] else "missing"
        print(f"  {row['name']:<12} {state:<8} {row['title']} ({row['licence']})")
    if as_json:
        print(json.dumps({"folder": str(root), "datasets": rows}))
    return 0
