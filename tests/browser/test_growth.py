"""Moments of a drawing and changes of its answer: pure functions, in the browser that runs them."""

from typing import Any

from playwright.sync_api import Page

IMPORT = "const g = await import('/static/js/growth.js');"


def run(page: Page, body: str, argument: Any = None) -> Any:
    return page.evaluate(f"async (given) => {{ {IMPORT} {body} }}", argument)


def reading(*shares: float) -> dict[str, Any]:
    """Of classes called 0, 1, 2...; nothing: a rejection."""
    order = sorted(range(len(shares)), key=lambda index: -shares[index])
    predictions = [{"label": str(i), "index": i, "probability": shares[i]} for i in order]
    return {"predictions": predictions, "rejected": None if shares else {"message": "a dot"}}


STROKES = [[[0, 0], [0.58, 0]], [[0, 0.5], [0.38, 0.5]]]  # with 0.02 for each touch: 0.6 and 0.4


def test_moments_are_evenly_spaced_and_the_last_is_the_drawing(page: Page) -> None:
    moments = run(page, "return g.momentsOf(given, 5);", STROKES)
    assert [moment["way"] for moment in moments] == [0.2, 0.4, 0.6, 0.8, 1]
    assert [moment["stroke"] for moment in moments] == [1, 1, 1, 2, 2]
    assert moments[-1]["strokes"] == STROKES


def test_a_stroke_begins_where_the_one_before_ended(page: Page) -> None:
    assert run(page, "return g.beginningsOf(given).map(way => way.toFixed(6));", STROKES) == [
        "0.600000"
    ]
    assert run(page, "return g.beginningsOf(given);", STROKES[:1]) == []


def test_each_change_of_the_leader_is_found_and_gaps_change_nothing(page: Page) -> None:
    readings = [reading(), reading(0.9, 0.1), reading(), reading(0.6, 0.4), reading(0.2, 0.8)]
    changes = run(page, "return g.changesOf(given);", readings)
    assert changes == [
        {"at": 1, "before": None, "after": "0"},
        {"at": 4, "before": "0", "after": "1"},
    ]


def test_curves_hold_each_probability_and_gaps(page: Page) -> None:
    readings = [reading(), reading(0.9, 0.1), reading(0.2, 0.8)]
    assert run(page, "return g.curvesOf(given, 2);", readings) == [
        [None, 0.9, 0.2],
        [None, 0.1, 0.8],
    ]


def test_a_class_is_named_in_the_middle_of_its_longest_lead_else_at_its_peak(page: Page) -> None:
    shares = [(0.5, 0.4, 0.1), (0.4, 0.5, 0.1), (0.8, 0.1, 0.1), (0.7, 0.1, 0.2), (0.9, 0.1, 0.0)]
    body = (
        "const curves = g.curvesOf(given, 3); return curves.map((c, i) => g.proudest(c, given, i));"
    )
    assert run(page, body, [reading(*each) for each in shares]) == [3, 1, 3]
