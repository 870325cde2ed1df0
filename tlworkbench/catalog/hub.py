"""Models on the Hugging Face Hub: search, and the figures of one. What comes back is text from strangers."""

from typing import Annotated, Any

import msgspec

from tlworkbench.catalog.architectures import task_of, unfit_because
from tlworkbench.catalog.hub_api import ask_hub
from tlworkbench.catalog.hub_cache import HubId, hub_id, parse_hub_id
from tlworkbench.catalog.hub_files import HubFiles, hub_files
from tlworkbench.catalog.model_info import ModelInfo
from tlworkbench.catalog.plain import plain

_FIELDS = ("config", "safetensors", "gated", "downloads", "tags")

_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]


class _Config(msgspec.Struct, frozen=True):
    model_type: str | None = None


class _Safetensors(msgspec.Struct, frozen=True):
    total: _Count = 0


class _Hit(msgspec.Struct, frozen=True):
    id: str
    config: _Config | None = None
    safetensors: _Safetensors | None = None
    tags: tuple[str, ...] | None = None
    gated: bool | str | None = False
    downloads: _Count | None = 0


def search_hub(query: str, limit: int = 30) -> list[ModelInfo]:
    """Models on the Hub whose id holds `query`, at most `limit`: usable ones first, then by downloads.

    Raises UserError where the Hub can't be reached or doesn't answer as one.
    """
    parameters = {"search": query, "limit": limit, "sort": "downloads", "expand": list(_FIELDS)}
    hits = ask_hub("models", parameters, list[dict[str, Any]])
    found = [info for hit in hits[:limit] if (info := _listed(hit)) is not None]
    return sorted(found, key=lambda info: not info.usable)


def hub_model(id: str) -> ModelInfo:
    """One model on the Hub by its id (`user/name`, `user/name@revision`), `bytes` being what a fetch would bring.

    Raises UserError: unknown, private, gated without access, unreachable.
    """
    wanted = hub_id(id)
    return info_of(wanted, hub_files(wanted))


def info_of(id: HubId, files: HubFiles) -> ModelInfo:
    """What the listing shows of a repository whose files are known."""
    why = files.unfit_because or (unfit_because(files.model_type) if files.model_type else "")
    return ModelInfo(
        id=str(id),
        where="hub",
        task=task_of(files.model_type),
        architecture=files.model_type,
        params=files.params,
        bytes=files.bytes,
        note="gated: needs access and a token" if files.gated else "",
        usable=not why,
        why=why,
    )


def _listed(document: dict[str, Any]) -> ModelInfo | None:
    try:
        hit = msgspec.convert(document, _Hit)
    except msgspec.ValidationError:
        return None
    if parse_hub_id(hit.id) is None:
        return None
    model_type = plain((hit.config.model_type if hit.config else None) or "", 60)
    if not model_type:
        why = "it has no transformers configuration"
    elif hit.safetensors is None and "safetensors" not in (hit.tags or ()):
        why = "it has no safetensors weights"
    else:
        why = unfit_because(model_type)
    note = f"{hit.downloads or 0} downloads" + (", gated: needs access and a token" if hit.gated else "")
    return ModelInfo(
        id=hit.id,
        where="hub",
        task=task_of(model_type),
        architecture=model_type,
        params=hit.safetensors.total if hit.safetensors else 0,
        note=note,
        usable=not why,
        why=why,
    )
