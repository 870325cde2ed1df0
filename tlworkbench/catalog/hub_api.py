"""One question to the Hub, answered soon or not at all."""

from typing import Any, TypeVar

import msgspec

from tlworkbench.catalog.hub_errors import hub_errors, no_hub

T = TypeVar("T")
TIMEOUT = 10.0
"""Seconds the Hub may stay silent."""


def ask_hub(path: str, parameters: dict[str, Any], answer: type[T], id: str = "") -> T:
    """GET `path` of the Hub's API and check the JSON it answers with; `id` is the repository errors speak of.

    Raises UserError: unreachable, silent, unknown, refused, or no Hub at all.
    """
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    # Not HfApi: its list_models waits for ever for a silent server, tries an absent one for 23 s, and checks nothing of
    # what comes back.
    with hub_errors(id):
        response = get_session().get(
            f"{constants.ENDPOINT}/api/{path}", params=parameters, headers=build_hf_headers(), timeout=TIMEOUT
        )
        hf_raise_for_status(response)
    try:
        return msgspec.json.decode(response.content, type=answer)
    except (ValueError, RecursionError) as error:
        raise no_hub() from error
