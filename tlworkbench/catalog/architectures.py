"""Which model types can carry a classification head: transformers 5.23's own tables, held as data.

Asking transformers itself would import torch; a test compares this page with it.
"""

from typing import Literal, TypeAlias

Task: TypeAlias = Literal["text", "image", "other"]

_TEXT = """
albert arcee axk1 axk2 bart bert big_bird bigbird_pegasus biogpt bloom camembert canine cohere_compass_text convbert
ctrl data2vec-text deberta deberta-v2 deepseek_v2 deepseek_v3 diffllama distilbert doge electra ernie esm esmc
eurobert exaone4 falcon flaubert fnet funnel gemma gemma2 gemma3 gemma3_text glm glm4 gpt-sw3 gpt2 gpt_bigcode gpt_neo
gpt_neox gpt_oss gptj gte helium hunyuan_v1_dense hunyuan_v1_moe ibert jamba jetmoe jina_embeddings_v3 layoutlm
layoutlmv2 layoutlmv3 lilt llama longformer luke markuplm mbart megatron-bert minicpm3 minimax ministral ministral3
mistral mistral4 mixtral mobilebert modernbert modernbert-decoder modernvbert mpnet mpt mra mt5 mvp nemotron
nomic_bert nystromformer olmo olmo2 olmo3 openai-gpt opt perceiver persimmon phi phi3 phimoe plbart qwen2 qwen2_moe
qwen3 qwen3_5 qwen3_5_text qwen3_moe qwen3_next reformer rembert roberta roberta-prelayernorm roc_bert roformer
seed_oss smollm3 squeezebert stablelm starcoder2 t5 t5gemma t5gemma2 tapas ultrabert ultravbert umt5 xlm xlm-roberta
xlm-roberta-xl xlnet xmod yoso zamba zamba2
"""
_IMAGE = """
beit bit clip convnext convnextv2 cvt data2vec-vision deit dinat dinov2 dinov2_with_registers donut-swin efficientnet
focalnet hgnet_v2 hiera ijepa imagegpt levit metaclip_2 mobilenet_v1 mobilenet_v2 mobilevit mobilevitv2 poolformer
pp_lcnet pvt pvt_v2 regnet resnet segformer shieldgemma2 siglip siglip2 swiftformer swin swinv2 textnet timm_wrapper
vit vit_msn
"""

TEXT_MODEL_TYPES = frozenset(_TEXT.split())
"""`model_type` of every architecture that `AutoModelForSequenceClassification` knows."""
IMAGE_MODEL_TYPES = frozenset(_IMAGE.split())
"""`model_type` of every architecture that `AutoModelForImageClassification` knows and the text table doesn't."""
TRAINABLE: frozenset[Task] = frozenset({"text"})
"""Tasks this version fine-tunes."""


def task_of(model_type: str) -> Task:
    """What a model of this type can learn to classify."""
    if model_type in TEXT_MODEL_TYPES:
        return "text"
    return "image" if model_type in IMAGE_MODEL_TYPES else "other"


def unfit_because(model_type: str) -> str:
    """Why a model of this type can't be trained here; empty where it can."""
    task = task_of(model_type)
    if task in TRAINABLE:
        return ""
    if task == "image":
        return f"{model_type} is an image model; this version trains on text"
    return f"transformers has no classification head for '{model_type}' models"
