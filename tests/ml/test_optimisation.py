import pytest
import torch

from app.ml.networks import build
from app.ml.optimisation import SCHEDULES, Muon, make_optimizer, orthogonal, rate_at

RATES = [0.01, 0.02, 0.005, 0.01]


def train(name: str, weight_decay: float) -> list[torch.Tensor]:
    torch.manual_seed(0)
    network = build("cnn", {"blocks": [{"channels": 4, "pool": 2}]}, (1, 8, 8), 3)
    x, y = torch.rand(16, 1, 8, 8), torch.randint(0, 3, (16,))
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0},
    ]
    ours = None
    if name.startswith("torch"):
        theirs: torch.optim.Optimizer = (
            torch.optim.AdamW(groups)
            if name == "torch adamw"
            else torch.optim.SGD(groups, momentum=0.9, nesterov=True)
        )
    else:
        ours = make_optimizer(name, network, weight_decay, 0.9)
    for rate in RATES:
        network.zero_grad()
        torch.nn.functional.cross_entropy(network(x), y).backward()
        if ours:
            ours.step(rate)
        else:
            for group in theirs.param_groups:
                group["lr"] = rate
            theirs.step()
    return [p.detach() for p in network.parameters()]


@pytest.mark.parametrize(("name", "decay"), [("adamw", 0.0), ("adamw", 0.1), ("sgd", 0.0)])
def test_each_optimizer_steps_as_torch_does(name: str, decay: float) -> None:
    for ours, theirs in zip(train(name, decay), train(f"torch {name}", decay), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (8, 8)])
def test_a_matrix_is_made_nearly_orthogonal(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape).double()
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    along = u.T @ orthogonal(matrix) @ v.T
    off = along - along.diag().diag()
    assert off.abs().max() < 1e-6 and 0.6 < along.diag().min() <= along.diag().max() < 1.3


def test_muon_steps_as_torch_does_and_leaves_the_last_layer_to_adamw() -> None:
    gradients = [[torch.randn(12, 30), torch.randn(12), torch.randn(4, 12)] for _ in RATES]
    start = [torch.randn_like(each) for each in gradients[0]]
    ours, theirs = ([torch.nn.Parameter(p.clone()) for p in start] for _ in range(2))
    muon = Muon(ours, 0.1)
    like_torch = torch.optim.Muon(
        theirs[:1], weight_decay=0.1, momentum=0.9, adjust_lr_fn="match_rms_adamw"
    )
    bias, last = theirs[1:]
    adamw = torch.optim.AdamW([bias], weight_decay=0), torch.optim.AdamW([last], weight_decay=0.1)
    for rate, given in zip(RATES, gradients, strict=True):
        for parameters in (ours, theirs):
            for parameter, gradient in zip(parameters, given, strict=True):
                parameter.grad = gradient.clone()
        muon.step(rate)
        for optimizer in (like_torch, *adamw):
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
    torch.testing.assert_close(ours[1:], theirs[1:], rtol=1e-4, atol=1e-6)
    way = theirs[0] - start[0]
    assert (ours[0] - theirs[0]).norm() < 0.02 * way.norm()  # torch's has fewer bits


def test_what_is_too_large_for_muon_steps_as_adamw_does() -> None:
    sides = {"large": Muon.LARGEST + 1, "small": 3}
    large, small, last = (torch.nn.Parameter(torch.zeros(n, n)) for n in (*sides.values(), 2))
    assert Muon([large, small, last], 0).hidden == [1]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_stays_at_or_below_its_peak(schedule: str) -> None:
    rates = [rate_at(step / 100, schedule, 0.1, 0.2) for step in range(101)]
    assert max(rates) == pytest.approx(0.1, rel=0.01) and min(rates) > 0
    assert rates[-1] == 0.1 if schedule == "constant" else rates[-1] < 0.002


def test_one_cycle_warms_up_and_falls_in_straight_lines() -> None:
    assert rate_at(0.1, "one_cycle", 1.0, 0.2) == pytest.approx(0.5)
    assert rate_at(0.6, "one_cycle", 1.0, 0.2) == pytest.approx(0.5)
