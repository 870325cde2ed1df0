"""What goes wrong with the Hub, in words that say what to do."""

import contextlib
import errno
from collections.abc import Iterator
from typing import Literal

from tlworkbench.catalog.plain import plain
from tlworkbench.errors import UserError

_OTHER_WAYS = "HF_ENDPOINT names a mirror; or copy the {kind}'s folder to this machine and give its path."


@contextlib.contextmanager
def hub_errors(id: str = "", kind: Literal["model", "dataset"] = "model") -> Iterator[None]:
    """Turn what huggingface_hub raises inside the block into UserErrors about the repository `id`."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise UserError(
            "the Hub is switched off: HF_HUB_OFFLINE is set", "Unset HF_HUB_OFFLINE to reach it."
        ) from error
    except HfHubHTTPError as error:
        raise _answered(error, id, kind) from error
    except LocalEntryNotFoundError as error:
        cause = error.__cause__
        if isinstance(cause, HfHubHTTPError):
            raise _answered(cause, id, kind) from error
        raise _unreachable(error, kind) from error
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
        raise UserError(
            f"HF_ENDPOINT is no address: {_endpoint()}", "Write it with its scheme, as in https://huggingface.co."
        ) from error
    except httpx2.HTTPError as error:
        raise _unreachable(error, kind) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(
                f"the disk is full: {error.filename or 'the Hugging Face cache'} could not be written",
                "Free some space and fetch again: it goes on where it stopped. HF_HOME moves the cache elsewhere.",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise UserError(
                f"{error.filename or 'the Hugging Face cache'} can't be written: {error.strerror}",
                "Mend the folder's rights, or set HF_HOME to a folder of yours.",
            ) from error
        raise


def no_hub() -> UserError:
    """What to say where something answers that doesn't speak as a Hub does."""
    return UserError(f"what answers at {_endpoint()} is no Hub", "Correct HF_ENDPOINT, or unset it.")


def _answered(error: Exception, id: str, kind: str) -> UserError:
    from huggingface_hub import get_token
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    status = error.response.status_code if isinstance(error, HfHubHTTPError) else 0
    if isinstance(error, GatedRepoError):
        page = f"{_endpoint()}/{'datasets/' if kind == 'dataset' else ''}{id}"
        if get_token():
            return UserError(f"{id} is gated and your token has no access to it", f"Ask for access on {page}.")
        return UserError(
            f"{id} is gated: its owner decides who may have it",
            f"Ask for access on {page}, then set HF_TOKEN to your token (or run: hf auth login) and fetch again.",
        )
    if isinstance(error, RevisionNotFoundError):
        return UserError(f"{id} has no such revision", "Take main, or a branch, tag or commit from its page.")
    if status == 401 and get_token() and not isinstance(error, RepositoryNotFoundError):
        return UserError("the Hub refuses your token (401)", "Renew HF_TOKEN, or unset it: public models need none.")
    if status == 404 and not id:
        return no_hub()
    if isinstance(error, RepositoryNotFoundError) or status == 404:
        return UserError(
            f"there is no {kind} '{id}' on the Hub, or it is private",
            "Check how it is spelled; a private one needs HF_TOKEN set to a token that may read it.",
        )
    if status in (401, 403):
        return UserError(
            f"the Hub refuses access{f' to {id}' if id else ''} ({status})",
            "Set HF_TOKEN to a token that may read it (or run: hf auth login).",
        )
    if status == 429:
        return UserError("the Hub asks for patience: too many requests (429)", "Wait a few minutes, or set HF_TOKEN.")
    return UserError(f"the Hub at {_endpoint()} answered with an error ({status})", "Try again later.")


def _unreachable(error: BaseException, kind: str) -> UserError:
    return UserError(
        f"the Hub at {_endpoint()} can't be reached ({plain(_reason(error), 120)})",
        f"Check the network. {_OTHER_WAYS.format(kind=kind)}",
    )


def _reason(error: BaseException) -> str:
    # The libraries wrap one another's errors; the innermost is the system's own.
    inner = error.__cause__ or error.__context__
    while inner is not None:
        error, inner = inner, inner.__cause__ or inner.__context__
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def _endpoint() -> str:
    from huggingface_hub import constants

    return plain(constants.ENDPOINT, 100)
