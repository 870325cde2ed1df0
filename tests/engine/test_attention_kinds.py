"""Which architectures attend by torch's scaled_dot_product_attention, and that it gives what their own code gives."""

from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from tlworkbench.engine.processor_pass import ProcessorPass
from tlworkbench.engine.scoring import autocast

_BERT: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 40,
}  # fmt: skip
_DISTIL: dict[str, Any] = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 40}
_MODERN: dict[str, Any] = {
    **_BERT, "global_attn_every_n_layers": 1, "local_attention": 8, "attention_dropout": 0.1, "mlp_dropout": 0.1,
    "cls_token_id": 1, "sep_token_id": 2, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
_GPT2: dict[str, Any] = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 40}
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "bert": (_BERT, "sdpa"),
    "roberta": (_BERT, "sdpa"),
    "xlm-roberta": (_BERT, "sdpa"),
    "electra": ({**_BERT, "embedding_size": 16}, "sdpa"),
    "albert": ({**_BERT, "embedding_size": 8, "attention_probs_dropout_prob": 0.1}, "sdpa"),
    "distilbert": (_DISTIL, "sdpa"),
    "modernbert": (_MODERN, "sdpa"),
    "gpt2": (_GPT2, "sdpa"),
    # Positions go into their attention in ways of their own, which transformers has no other code for.
    "mpnet": (_BERT, "eager"),
    "deberta-v2": ({**_BERT, "relative_attention": True, "pos_att_type": ["p2c", "c2p"]}, "eager"),
}


def made(kind: str, **how: Any) -> Any:
    settings, _ = KINDS[kind]
    config = AutoConfig.for_model(kind, **settings, vocab_size=60, pad_token_id=0, num_labels=3)
    torch.manual_seed(1)
    return AutoModelForSequenceClassification.from_config(config, **how)


def batch() -> dict[str, torch.Tensor]:
    torch.manual_seed(2)
    ids = torch.randint(3, 60, (4, 16))
    mask = torch.ones_like(ids)
    mask[1, 9:] = mask[3, 3:] = 0
    return {"input_ids": ids * mask, "attention_mask": mask}


@pytest.mark.parametrize("kind", KINDS)
def test_attention_is_the_quick_kind_where_there_is_one(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = KINDS[kind][1]
    model = made(kind)
    assert model.config._attn_implementation == wanted
    if wanted == "sdpa":
        with torch.no_grad():
            quick, own = (one.eval()(**batch()).logits for one in (model, made(kind, attn_implementation="eager")))
        assert torch.allclose(quick, own, atol=1e-5)
    taken: list[bool] = []
    attention = ProcessorPass._attention

    def watched(self: ProcessorPass, *arguments: Any, **named: Any) -> torch.Tensor | None:
        done = attention(self, *arguments, **named)
        taken.append(done is not None)
        return done

    monkeypatch.setattr(ProcessorPass, "_attention", watched)
    model.train()
    with autocast("cpu", "bf16"), ProcessorPass(bf16=True):
        logits = model(**batch()).logits
    logits.float().logsumexp(1).sum().backward()
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    assert len(gradients) > 10 and all(bool(gradient.isfinite().all()) for gradient in gradients)
    # With dropout a processor has no kernel for it: then it is the training pass's own.
    assert taken == ([True] * 2 if wanted == "sdpa" else [])
