"""What the engine's tests stand on: a checkpoint small enough to train in a second, built without any network."""

from pathlib import Path

import pytest

WORDS = (
    "the", "a", "it", "is", "was", "and", "but", "not", "very", "my", "this", "order", "app", "ticket", "update",
    "room", "train", "coffee", "good", "great", "lovely", "perfect", "happy", "thanks", "bad", "awful", "broken",
    "late", "angry", "refund", "when", "where", "how", "why", "what", "does", "open", "cost", "start", "close",
)  # fmt: skip
"""Words the tiny tokenizer knows whole; anything else falls into letters."""


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformers folder with an untrained BERT (hidden 32, 2 layers, 128 positions) and its WordPiece tokenizer.

    It has no classification head, like a pretrained encoder. Read-only: shared by all tests of the session.
    """
    return build_tiny_bert(tmp_path_factory.mktemp("models") / "tiny-bert")


def build_tiny_bert(folder: Path) -> Path:
    """Write the checkpoint into `folder`: config.json, model.safetensors, tokenizer.json, tokenizer_config.json."""
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters), *WORDS]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=128,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        initializer_range=0.1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(7)
        BertModel(config).save_pretrained(folder)
    return folder
