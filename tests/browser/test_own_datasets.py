"""The pages of datasets: one's own pictures are added, looked at, learnt from, deleted."""

import io
import zipfile
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Server
from tests.browser.test_everyone import violations
from tests.ml.small_files import SHADES, photograph, photograph_bytes

SLOW = 60_000  # ms: what decodes and examines gives way to everything else


def zipped() -> bytes:
    """Three classes of ten pictures, and two files that are none."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for label in SHADES:
            for number in range(10):
                content = photograph_bytes(label, number)
                archive.writestr(f"my shades/{label}/{number}.jpg", content)
        archive.writestr("my shades/sky/broken.jpg", b"broken")
        archive.writestr("my shades/notes.txt", b"notes")
    return file.getvalue()


def test_a_zip_is_added_looked_at_chosen_for_a_training_and_deleted(
    page: Page, server: Server
) -> None:
    page.goto(f"{server.url}/")
    page.get_by_role("link", name="Datasets").click()
    page.get_by_label("Licence, if you know it").fill("CC0")
    archive = {"name": "My Shädes.zip", "mimeType": "application/zip", "buffer": zipped()}
    page.locator("input.zip").set_input_files([archive])  # type: ignore[list-item]
    sentence = "my-shades is there: 3 classes, 24 training and 6 test pictures."
    expect(page.locator(".told")).to_have_text(sentence, timeout=SLOW)
    page.get_by_text("2 files were left out").click()
    rows = page.locator(".left-out tbody tr").all_inner_texts()
    assert [row.partition("\t")[0] for row in rows] == [
        "my shades/notes.txt", "my shades/sky/broken.jpg"
    ]  # fmt: skip
    assert violations(page) == []
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("my-shades")
    expect(page.locator(".facts")).to_contain_text("CC0")
    expect(page.locator(".balance tfoot td")).to_have_text(["22", "2", "6"], timeout=SLOW)
    expect(page.locator(".leak-said")).to_contain_text("none of the 6 test pictures", timeout=SLOW)
    page.locator("select.label").select_option("sky")
    page.locator("select.part").select_option("test")
    expect(page.locator(".where-said")).to_have_text("Page 1 of 1, 2 pictures")
    assert page.locator(".browsed li").all_inner_texts() == ["sky", "sky"]
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.get_by_role("link", name="Train on it").click()
    expect(page.locator("#dataset")).to_have_value("my-shades")
    page.get_by_text("How many, and which are held out").click()
    expect(page.get_by_label("Size of each photograph")).to_have_value("64")
    page.locator("#dataset").select_option("mnist")
    expect(page.get_by_label("Size of each photograph")).to_be_hidden()
    page.goto(f"{server.url}/datasets/my-shades")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Datasets")
    expect(page.locator("[data-name=my-shades]")).to_have_count(0)


def test_a_folder_on_a_phone_with_a_leak_in_it_is_warned_of(
    phone: Page, server: Server, tmp_path: Path
) -> None:
    for part, numbers in (("train", range(4)), ("test", range(3, 5))):  # the fourth is in both
        for label in SHADES:
            folder = tmp_path / "leaky" / part / label
            folder.mkdir(parents=True)
            for number in numbers:
                photograph(label, number).save(folder / f"{number}.png")
    phone.goto(f"{server.url}/datasets")
    phone.locator("input.folder").set_input_files(tmp_path / "leaky")
    phone.get_by_role("link", name="Look at it").click(timeout=SLOW)
    said = phone.locator(".leak-said")
    expect(said).to_contain_text("No: 3 of the 6 test pictures are among those", timeout=SLOW)
    expect(phone.locator(".pairs li")).to_have_count(3)
    expect(phone.locator(".pairs li").first).to_contain_text("brick: test 1 is")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_chosen_before_the_pages_script_is_there_is_taken_then(
    page: Page, server: Server, tmp_path: Path, problems: list[str]
) -> None:
    (tmp_path / "none.zip").write_bytes(b"no zip")
    held: list[Route] = []
    page.route("**/js/datasets.js*", lambda route: held.append(route))
    with page.expect_request("**/js/datasets.js*"):
        page.goto(f"{server.url}/datasets", wait_until="commit")
    page.locator("input.zip").set_input_files(tmp_path / "none.zip")
    held[0].continue_()
    expect(page.locator(".refused")).to_contain_text("zip", timeout=SLOW)
    problems[:] = [problem for problem in problems if "status of 422" not in problem]


def test_what_lies_in_a_hidden_folder_is_named_and_a_folder_without_pictures_is_told(
    page: Page, server: Server, tmp_path: Path
) -> None:
    page.goto(f"{server.url}/datasets")
    for name in ("nothing/.DS_Store", ".pets/.git/config"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    page.locator("input.folder").set_input_files(tmp_path / "nothing")
    expect(page.locator(".refused")).to_contain_text("There is no picture in it.")
    for label in (".birds", "grass", "sky"):
        (tmp_path / ".pets" / label).mkdir()
        for number in range(3):
            photograph("sky", number).save(tmp_path / ".pets" / label / f"{number}.png")
    page.locator("input.folder").set_input_files(tmp_path / ".pets")
    expect(page.locator(".told")).to_contain_text("pets is there: 2 classes", timeout=SLOW)
    expect(page.locator(".refused")).to_be_empty()
    page.get_by_text("3 files were left out").click()
    expect(page.locator(".left-out tbody tr").first).to_contain_text("begins with a dot")
    page.locator("input.folder").set_input_files(tmp_path / "nothing")
    expect(page.locator(".refused")).to_contain_text("There is no picture in it.")
    expect(page.locator(".left-out")).to_be_hidden()  # it was the other folder's
    expect(page.locator(".onward")).to_be_hidden()
