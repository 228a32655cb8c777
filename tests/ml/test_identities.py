"""Ids sort by time."""

from datetime import UTC, datetime, timedelta

from app.ml.identities import ID, Identities, time_of


def test_each_id_is_greater_than_the_one_before() -> None:
    identities = Identities()
    made = [identities.new() for _ in range(2000)]
    assert made == sorted(set(made))
    assert all(ID.fullmatch(identity) for identity in made)


def test_an_id_knows_when_it_was_made() -> None:
    assert abs(time_of(Identities().new()) - datetime.now(UTC)) < timedelta(seconds=5)


def test_any_id_has_a_time() -> None:
    assert time_of("7" + "z" * 25).year == 9999
    assert time_of("0" * 26) == datetime(1970, 1, 1, tzinfo=UTC)
