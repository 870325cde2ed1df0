"""A training pass through a model as it is quick on a processor: what torch does slowly there, done otherwise.

Half of MiniLM's step on two cores went into three things. torch draws dropout's random numbers one by one on one
core; for attention with dropout it has no fused kernel, and what it does instead looks for rows without a single
token in each layer; and autocast takes each layer norm, and with it the hidden states, back to fp32, so that they are
cast again for each of the linear layers they go into. Here random bits come in bulk, attention is two products and a
softmax, and hidden states stay in bf16 between layers. Weights, gradients of weights, the sums inside a norm or a
softmax, and the loss are fp32 as before.
"""

import contextlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_LEVELS = 1 << 15
"""Dropout's probability is one of so many."""
_INTEGERS = {2: torch.int16, 4: torch.int32}
"""Integers of as many bytes, whose bits are all set or none."""


def training_pass(device: str, bf16: bool) -> contextlib.AbstractContextManager[Any]:
    """What a forward pass that learns goes through on `device`; on a GPU nothing of its own."""
    return ProcessorPass(bf16) if device == "cpu" else contextlib.nullcontext()


class ProcessorPass(TorchFunctionMode):
    """Within it a model's dropout, attention and layer norms are computed as above; no part of it is the model's own.

    Its random numbers follow from one that is drawn from torch's generator at the beginning, so that they are the same
    after a checkpoint has put that back. Evaluation needs no dropout and keeps torch's own attention.
    """

    def __init__(self, bf16: bool) -> None:
        super().__init__()
        self._bf16 = bf16
        seed = int(torch.empty((), dtype=torch.int64).random_())
        self._bits = np.random.SFC64(seed)
        self._ways: dict[Any, Callable[..., torch.Tensor | None]] = {
            functional.dropout: self._dropout,
            functional.scaled_dot_product_attention: self._attention,
            functional.layer_norm: self._layer_norm,
        }

    def __torch_function__(
        self, called: Any, types: Any, arguments: tuple[Any, ...] = (), named: dict[str, Any] | None = None
    ) -> Any:
        way = self._ways.get(called)
        done = None if way is None else way(*arguments, **(named or {}))
        return called(*arguments, **(named or {})) if done is None else done

    def _dropout(
        self, values: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> torch.Tensor | None:
        if not training or not 0 < p < 1 or values.element_size() not in _INTEGERS:
            return None
        kept = self._kept(values.shape, p)
        dropped: torch.Tensor = _Dropout.apply(values, kept, 1 / (1 - p))  # type: ignore[no-untyped-call]
        return dropped

    def _attention(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> torch.Tensor | None:
        usual = query.dim() == 4 and query.shape[:2] == key.shape[:2] and not is_causal and not enable_gqa
        # Without dropout torch's own kernel is the quicker one.
        if not usual or not 0 < dropout_p < 1 or query.element_size() not in _INTEGERS:
            return None
        learned = attn_mask is not None and attn_mask.requires_grad
        if learned or query.dtype != key.dtype or key.dtype != value.dtype:
            return None
        kept = self._kept((*query.shape[:3], key.shape[2]), dropout_p)
        scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
        given = (query, key, value, _bias(attn_mask, query), kept, scale, 1 - dropout_p)
        mixed: torch.Tensor = _Attention.apply(*given)  # type: ignore[no-untyped-call]
        return mixed

    def _layer_norm(
        self,
        values: torch.Tensor,
        normalized_shape: Any,
        weight: torch.Tensor | None = None,
        bias: torch.Tensor | None = None,
        eps: float = 1e-5,
    ) -> torch.Tensor | None:
        if not self._bf16:
            return None
        with torch.autocast("cpu", enabled=False):
            return functional.layer_norm(values, normalized_shape, weight, bias, eps).to(torch.bfloat16)

    def _kept(self, shape: tuple[int, ...], p: float) -> torch.Tensor:
        """int16 of a shape: all bits set where a value is kept, none where it is dropped."""
        count = math.prod(shape)
        bits = torch.from_numpy(self._bits.random_raw(-(-count // 4)).view(np.int16))[:count]
        # Numbers of 15 bits, those below the level are dropped; the sign of a difference fills all bits.
        level = round(p * _LEVELS) - _LEVELS // 2
        return bits.bitwise_right_shift_(1).neg_().add_(level - 1).bitwise_right_shift_(15).view(shape)


class _Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, kept: torch.Tensor, scale: float) -> torch.Tensor:
        ctx.save_for_backward(kept)
        ctx.scale = scale
        return _masked(values, kept).mul_(scale)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (kept,) = ctx.saved_tensors
        return _masked(gradients[0], kept).mul_(ctx.scale), None, None


class _Attention(torch.autograd.Function):
    """softmax(scale · query keyᵀ + bias), dropped out, times value: rows × heads × tokens × width of a head."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        bias: torch.Tensor | None,
        kept: torch.Tensor,
        scale: float,
        share: float,
    ) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            scores = torch.matmul(query * scale, key.transpose(-2, -1))
            if bias is not None:
                scores += bias
            weights = torch.softmax(scores, -1)
            ctx.save_for_backward(query, key, value, weights, kept)
            ctx.scale, ctx.share = scale, share
            return torch.matmul(_masked(weights, kept).div_(share), value)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (gradient,) = gradients
        query, key, value, weights, kept = ctx.saved_tensors
        to_value = torch.matmul(_masked(weights, kept).div_(ctx.share).transpose(-2, -1), gradient)
        to_weights = _masked(torch.matmul(gradient, value.transpose(-2, -1)), kept).div_(ctx.share)
        to_scores = torch._softmax_backward_data(to_weights, weights, -1, weights.dtype).mul_(ctx.scale)
        to_query = torch.matmul(to_scores, key)
        to_key = torch.matmul(to_scores.transpose(-2, -1), query)
        return to_query, to_key, to_value, None, None, None, None


def _masked(values: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """A copy with zeros where nothing is kept."""
    integers = _INTEGERS[values.element_size()]
    return (values.contiguous().view(integers) & kept.to(integers)).view(values.dtype)


def _bias(mask: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor | None:
    """A mask as what is added to scores: 0, or a number so low that nothing is left of it."""
    if mask is None or mask.dtype != torch.bool:
        return mask
    return torch.zeros(mask.shape, dtype=like.dtype).masked_fill_(~mask, torch.finfo(like.dtype).min)
