"""Many pictures at once: read in batches into a table that is sorted, corrected and saved."""

import csv
import io
import re
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import Server
from tests.browser.digits import CROSSED_SEVEN, FOOTED_ONE, THREE, on_paper, png
from tests.browser.reading import expect_answer
from tests.browser.test_everyone import violations
from tests.browser.test_uploads import as_file, bring

DIGITS = {"7": CROSSED_SEVEN, "1": FOOTED_ONE, "3": THREE}


def paper(digit: str, name: str, side: int = 120) -> FilePayload:
    return as_file(png(on_paper(DIGITS[digit], side, side)), name=name)


def choose_many(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Upload a picture").set_input_files(list(files))


def expect_read(page: Page, count: int, failed: int = 0, timeout: float = 10_000) -> None:
    text = f"{count} of {count} read"
    if failed:
        text = f"{count - failed} of {count} read, {failed} could not be"
    expect(page.locator("#many .said")).to_have_text(text, timeout=timeout)


def row(page: Page, name: str) -> Locator:
    return page.locator("#many tbody tr").filter(has_text=name)


def column(page: Page, name: str) -> list[str]:
    return page.locator(f"#many tbody .{name}").all_inner_texts()


def three_digits(page: Page) -> None:
    choose_many(page, paper("7", "b.png"), paper("1", "a10.png"), paper("3", "a9.png"))
    expect_read(page, 3)


def saved(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    assert download.value.suggested_filename == "inkling-readings.csv"
    return download.value.path().read_bytes().decode("utf-8")


def test_several_pictures_are_read_into_a_table_and_the_pad_stays(page: Page, mouse: Any) -> None:
    mouse(page, THREE)
    expect_answer(page, "3")
    expect(page.get_by_role("region", name="Your pictures")).to_be_hidden()
    three_digits(page)
    expect(page.locator("output")).to_have_text("All 3 pictures are read.")
    assert column(page, "reading") == ["7", "1", "3"]
    assert all(re.fullmatch(r">?\d+.%", sure) for sure in column(page, "share"))
    expect(page.locator(".guess")).to_have_text("3")
    assert page.locator("#many progress").evaluate("bar => [bar.value, bar.max]") == [3, 3]
    painted = "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, 88, 88).data).size"
    assert page.locator("#many canvas").first.evaluate(painted) > 10


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_several_files_can_be_dropped_or_pasted(page: Page, kind: str) -> None:
    bring(page, kind, paper("7", "one.png"), paper("1", "two.png"))
    expect_read(page, 2)
    bring(page, kind, paper("3", "three.png"), paper("7", "four.png"))
    expect_read(page, 4)
    assert column(page, "reading") == ["7", "1", "3", "7"]


def test_a_bad_file_has_its_own_error_and_fails_no_other(page: Page) -> None:
    choose_many(
        page,
        paper("7", "seven.png"),
        as_file(b"no picture at all", name="broken.png"),
        as_file(b"Dear diary", name="diary.txt", kind="text/plain"),
        as_file(png(Image.new("RGB", (80, 80), "white")), name="blank.png"),
        paper("1", "one.png"),
    )
    expect_read(page, 5, failed=2)
    expect(page.locator("output")).to_have_text("3 of 5 pictures are read; 2 could not be.")
    assert column(page, "reading") == ["7", "Not read", "Not read", "No guess", "1"]
    expect(row(page, "broken.png").locator(".note")).to_contain_text("Export it as PNG")
    expect(row(page, "diary.txt").locator(".note")).to_contain_text("is no picture")
    expect(row(page, "blank.png").locator(".note")).not_to_be_empty()
    expect(row(page, "broken.png").locator("select")).to_be_disabled()


def test_large_pictures_travel_shrunk_and_sixteen_at_a_time_on_two_ways(page: Page) -> None:
    page.evaluate(
        """() => {
            const real = window.fetch;
            window.batches = [];
            window.busiest = 0;
            let onTheirWay = 0;
            window.fetch = async (address, how) => {
                window.batches.push(how.body.getAll("file"));
                window.busiest = Math.max(window.busiest, ++onTheirWay);
                return real(address, how).finally(() => onTheirWay--);
            };
        }"""
    )
    choose_many(
        page, paper("7", "large.png", 1700), *(paper("1", f"{n}.png", 60) for n in range(39))
    )
    expect_read(page, 40)
    assert page.evaluate("batches.map(batch => batch.length)") == [16, 16, 8]
    assert page.evaluate("busiest") <= 2
    width = "async () => (await createImageBitmap(batches[0][0])).width"
    assert page.evaluate(width) == 1600


def test_every_column_sorts_both_ways_and_says_so(page: Page) -> None:
    three_digits(page)
    header = page.get_by_role("columnheader", name="File")
    assert header.get_attribute("aria-sort") is None
    header.get_by_role("button").click()
    assert column(page, "title") == ["a9.png", "a10.png", "b.png"]
    expect(header).to_have_attribute("aria-sort", "ascending")
    page.keyboard.press("Enter")
    assert column(page, "title") == ["b.png", "a10.png", "a9.png"]
    expect(header).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Reading").click()
    assert column(page, "reading") == ["1", "3", "7"]
    assert header.get_attribute("aria-sort") is None
    row(page, "a10.png").get_by_role("combobox").select_option("1")
    for name, first in (("Sure", None), ("Picture", "b.png"), ("Right label", None)):
        page.get_by_role("columnheader", name=name).get_by_role("button").click()
        assert first in (None, column(page, "title")[0])
    assert column(page, "title")[-1] == "a10.png"
    row(page, "a9.png").get_by_role("combobox").select_option("3")
    assert page.locator("#many [aria-sort]").count() == 0


def test_corrected_rows_give_an_accuracy(page: Page) -> None:
    three_digits(page)
    row(page, "b.png").get_by_label("Right label of b.png").select_option("7")
    expect(page.locator(".accuracy")).to_have_text(re.compile("^1 of 1 .*: 100.%.$"))
    row(page, "a9.png").get_by_role("combobox").select_option("8")
    expect(page.locator(".accuracy")).to_have_text(re.compile("^1 of 2 .*: 50.%.$"))


def test_the_csv_holds_what_the_table_shows_and_no_formula(page: Page) -> None:
    choose_many(
        page,
        paper("7", '=HYPERLINK("x"), ü.png'),
        as_file(b"no picture at all", name="broken.png"),
        paper("1", "-1.png"),
    )
    expect_read(page, 3, failed=1)
    page.locator("#many tbody select").first.select_option("2")
    text = saved(page)
    assert text.startswith("\ufefffile,model,version,reading,probability,right label,note\r\n")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert [each["file"] for each in rows] == ['\'=HYPERLINK("x"), ü.png', "broken.png", "'-1.png"]
    assert [each["reading"] for each in rows] == ["7", "", "1"]
    assert [each["right label"] for each in rows] == ["2", "", ""]
    assert rows[0]["model"] == "digits-cnn" and len(rows[0]["version"]) == 12
    assert 0 < float(rows[0]["probability"]) <= 1 and rows[1]["probability"] == ""
    assert rows[0]["note"] == "" and "Export it" in rows[1]["note"]


def test_a_thumbnail_lays_its_picture_on_the_pad(page: Page) -> None:
    three_digits(page)
    page.get_by_role("button", name="Lay a9.png on the pad").click()
    expect_answer(page, "3")
    expect(page.get_by_role("img", name="Your picture: a9.png")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Lay a9.png on the pad")).to_be_focused()


def test_another_model_reads_all_again_when_it_is_told_to(page: Page) -> None:
    three_digits(page)
    row(page, "b.png").get_by_role("combobox").select_option("7")
    again = page.get_by_role("button", name="Read again with")
    expect(again).to_be_hidden()
    page.get_by_label("Model", exact=True).select_option("mnist-mlp")
    expect(again).to_have_text("Read again with mnist-mlp")
    again.click()
    expect(again).to_be_hidden()
    expect_read(page, 3)
    expect(row(page, "b.png").get_by_role("combobox")).to_have_value("7")
    rows = list(csv.DictReader(io.StringIO(saved(page))))
    assert {each["model"] for each in rows} == {"mnist-mlp"}


def test_the_pictures_wait_while_the_server_is_away(
    page: Page, mortal_server: Server, problems: list[str]
) -> None:
    page.goto(mortal_server.url)
    mortal_server.kill()
    choose_many(page, paper("7", "one.png"), paper("1", "two.png"))
    expect(page.locator("#many .said")).to_have_text(re.compile("Trying again"))
    mortal_server.start()
    expect_read(page, 2)
    assert column(page, "reading") == ["7", "1"]
    problems.clear()  # the connections that failed


def test_stopping_leaves_the_rest_to_be_read_later(
    page: Page, mortal_server: Server, problems: list[str]
) -> None:
    page.goto(mortal_server.url)
    three_digits(page)
    mortal_server.kill()
    choose_many(page, paper("7", "late.png"), paper("1", "later.png"))
    stop = page.get_by_role("button", name="Stop")
    stop.focus()
    page.keyboard.press("Enter")
    rest = page.get_by_role("button", name="Read the rest")
    expect(rest).to_be_focused()
    expect(page.locator("#many .said")).to_have_text("3 of 5 read")
    mortal_server.start()
    rest.click()
    expect_read(page, 5)
    assert column(page, "reading") == ["7", "1", "3", "7", "1"]
    problems.clear()  # the connections that failed


def test_removing_all_hides_the_table_and_it_can_be_filled_again(page: Page) -> None:
    three_digits(page)
    page.get_by_role("button", name="Remove all").click()
    expect(page.get_by_role("region", name="Your pictures")).to_be_hidden()
    three_digits(page)
    assert page.locator("#many tbody tr").count() == 3


def test_five_hundred_pictures_are_read_while_the_pad_goes_on_answering(
    page: Page, mouse: Any
) -> None:
    choose_many(page, *(paper("731"[n % 3], f"{n}.png", 60) for n in range(500)))
    expect(page.locator("#many tbody tr")).to_have_count(500)
    page.locator("#pad").scroll_into_view_if_needed()
    mouse(page, THREE)
    expect_answer(page, "3")
    expect_read(page, 500, timeout=60_000)
    readings = column(page, "reading")
    assert sum(readings[n] == "731"[n % 3] for n in range(500)) > 450


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_table(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    three_digits(page)
    page.get_by_role("button", name="Reading").click()
    assert violations(page) == []


def test_the_table_fits_a_narrow_phone(phone: Page) -> None:
    choose_many(
        phone,
        paper("7", "IMG_20261125_101010_a_very_long_name.png"),
        as_file(b"no picture at all", name="broken.png"),
    )
    expect_read(phone, 2, failed=1)
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    wide = phone.locator("#many .rows").evaluate("part => part.scrollWidth - part.clientWidth")
    assert wide == 0
    assert violations(phone) == []
