"""How often strangers at one address may do something."""

import pytest

from app.web.allowances import ADDRESSES, HOUR, Allowance, network_of


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_so_many_are_allowed_within_an_hour_and_again_in_the_next() -> None:
    clock = Clock()
    allowance = Allowance(2, clock)
    assert [allowance.take("10.0.0.7") for _ in range(2)] == [0, 0]
    clock.now += HOUR / 2
    assert allowance.take("10.0.0.7") == HOUR / 2
    assert allowance.take("10.0.0.8") == 0
    clock.now += HOUR / 2
    assert [allowance.take("10.0.0.7") for _ in range(3)] == [0, 0, HOUR]


def test_many_addresses_cost_no_more_than_their_bound() -> None:
    allowance = Allowance(1)
    for number in range(ADDRESSES + 500):
        assert allowance.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}") == 0
    assert len(allowance._taken) == ADDRESSES


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.7", "10.0.0.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:10.0.0.7", "10.0.0.7", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("testclient", "", False),
    ],
)
def test_one_person_is_one_network(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same
