"""The table of model types against transformers' own."""

from tlworkbench.catalog.architectures import IMAGE_MODEL_TYPES, TEXT_MODEL_TYPES, task_of, unfit_because


def test_the_tables_are_those_of_transformers() -> None:
    from transformers.models.auto import modeling_auto as auto

    text = set(auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES)
    image = set(auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES)
    assert text == TEXT_MODEL_TYPES
    assert image - text == IMAGE_MODEL_TYPES


def test_a_type_tells_the_task_and_why_it_is_unfit() -> None:
    assert (task_of("deberta-v2"), unfit_because("deberta-v2")) == ("text", "")
    assert (task_of("vit"), unfit_because("vit")) == ("image", "vit is an image model; this version trains on text")
    assert task_of("whisper") == "other"
    assert unfit_because("whisper") == "transformers has no classification head for 'whisper' models"
