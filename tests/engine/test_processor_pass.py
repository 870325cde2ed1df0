"""A training pass on a processor: its own dropout, attention and norms against torch's."""

from typing import Any

import pytest
import torch
from torch.nn import functional

from tlworkbench.engine.processor_pass import ProcessorPass


def test_dropout_keeps_its_share_and_the_mean() -> None:
    torch.manual_seed(1)
    values = torch.ones(400, 501, requires_grad=True)
    with ProcessorPass(bf16=False):
        dropped = functional.dropout(values, 0.3)
        again = functional.dropout(values, 0.3)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.3, abs=0.005)
    assert float(dropped.detach().mean()) == pytest.approx(1, abs=0.005)
    assert not torch.equal(dropped, again)
    dropped.sum().backward()
    assert values.grad is not None and torch.equal(values.grad, dropped.detach())
    # Neither along rows nor columns more is dropped than chance would.
    assert all(float((dropped == 0).float().mean(dim=axis).std()) < 0.03 for axis in (0, 1))


def test_random_numbers_follow_from_torchs_own() -> None:
    drawn = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        with ProcessorPass(bf16=False):
            drawn.append(functional.dropout(torch.ones(1000), 0.5))
    assert torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("masked", ["bool", "float", None])
def test_attention_is_torchs_own_where_the_same_is_dropped(
    dtype: torch.dtype, masked: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(2)
    given = [torch.randn(3, 2, 9, 8, dtype=dtype) for _ in range(3)]
    gradient = torch.randn(3, 2, 9, 8, dtype=dtype)
    seen = torch.ones(3, 1, 1, 9, dtype=torch.bool)
    seen[1, ..., 5:] = False
    bias = torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)
    mask = {"bool": seen, "float": bias, None: None}[masked]
    kept = (torch.rand(3, 2, 9, 9) > 0.4).to(torch.int16).neg()
    monkeypatch.setattr(ProcessorPass, "_kept", lambda self, shape, p: kept.view(shape))

    def results(through: bool) -> list[torch.Tensor]:
        query, key, value = leaves = [values.clone().requires_grad_() for values in given]
        if through:
            with ProcessorPass(bf16=dtype == torch.bfloat16):
                mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=0.4)
        else:
            scores = query.float() @ key.float().transpose(-2, -1) / 8**0.5
            scores = scores if masked is None else scores.masked_fill(~seen, -torch.inf)
            mixed = (scores.softmax(-1) * kept.neg() / 0.6) @ value.float()
        mixed.backward(gradient)
        return [mixed.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]

    tolerance = 1e-5 if dtype == torch.float32 else 3e-2
    for ours, wanted in zip(results(True), results(False), strict=True):
        assert torch.allclose(ours.float(), wanted.float(), atol=tolerance, rtol=tolerance)


def test_hidden_states_stay_in_bf16_between_layers() -> None:
    norm = torch.nn.LayerNorm(16)
    values = torch.randn(4, 16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with ProcessorPass(bf16=True):
            ours = norm(values)
        wanted = norm(values)
    assert (ours.dtype, wanted.dtype) == (torch.bfloat16, torch.float32)
    assert torch.equal(ours, wanted.bfloat16())


def test_what_it_has_no_better_way_for_is_left_to_torch() -> None:
    torch.manual_seed(3)
    query = torch.randn(2, 2, 5, 8)
    calls: list[dict[str, Any]] = [
        {"is_causal": True},
        {"attn_mask": torch.zeros(2, 2, 5, 5, requires_grad=True)},
        {"dropout_p": 0.0},
    ]
    for call in calls:
        call = {"dropout_p": 0.5, **call}
        torch.manual_seed(4)
        wanted = functional.scaled_dot_product_attention(query, query, query, **call)
        with ProcessorPass(bf16=False):
            torch.manual_seed(4)
            assert torch.equal(functional.scaled_dot_product_attention(query, query, query, **call), wanted)
            assert functional.dropout(query, 0.5, training=False) is query
            assert torch.equal(functional.layer_norm(query, (8,)), torch.layer_norm(query, (8,)))
