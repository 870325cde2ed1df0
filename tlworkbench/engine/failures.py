"""What went wrong in a library, in words a person can act on."""

import errno

from tlworkbench.errors import UserError

_MEMORY = (
    "out of memory",
    "allocate memory",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "std::bad_alloc",
    # oneDNN's words for it.
    "could not create a memory",
    "could not create a primitive",
)
_DISK = (
    *("No space left on device", "Disk quota exceeded", "File too large"),
    *("PytorchStreamWriter failed", "iostream error"),
)

_SYSTEM = {
    errno.EACCES: ("no right to do that", "Check who owns the folder, and its rights."),
    errno.EPERM: ("no right to do that", "Check who owns the folder, and its rights."),
    errno.EROFS: ("the disk is read-only", "Put the workspace on a disk that can be written."),
    errno.ENAMETOOLONG: (
        "the path is too long for this disk",
        "Put the workspace in a folder with a shorter path: tlworkbench -w PATH.",
    ),
    errno.ENOENT: ("it is not there any more", "Put it back, or start a new run."),
    errno.ENOTDIR: ("a file stands where a folder should be", "Move it away, then resume the run."),
    errno.EEXIST: ("a file stands where a folder should be", "Move it away, then resume the run."),
    errno.EIO: ("the disk failed", "Look at the disk; what the run has written may be damaged."),
    errno.EMFILE: ("too many files are open", "Raise the limit: ulimit -n 4096."),
}


def explained(error: BaseException, rows: int, longest: int, folder: str) -> UserError | None:
    """The failure of a training step or checkpoint as a UserError; None for what nobody foresaw.

    rows: how many went through the model at once, one where all else was tried. longest: tokens of the longest text.
    folder: where checkpoints are written.
    """
    if out_of_memory(error):
        return UserError(
            f"out of memory with {'one text' if rows == 1 else f'{rows} texts'} of up to {longest} tokens at a time",
            "Set a smaller max_length, freeze some layers, or choose a smaller model."
            if rows == 1
            else f"Set batch_size = {rows // 2} and gradient_accumulation twice as high; or close other programs.",
        )
    if disk_full(error):
        return UserError(
            f"the disk is full: no checkpoint could be written to {folder}", "Free some space, then resume the run."
        )
    return None


def refused_by_system(error: OSError) -> UserError:
    """What the operating system would not do, with the file it was about."""
    where = str(error.filename) if error.filename else "a file"
    if disk_full(error):
        return UserError(f"the disk is full: {where} could not be written", "Free some space, then resume the run.")
    said, hint = _SYSTEM.get(error.errno or 0, (error.strerror or str(error), "Check the disk and its mount."))
    return UserError(f"{where}: {said}", hint)


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the GPU or in this process."""
    text = str(error)
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and any(part in text for part in _MEMORY))


def disk_full(error: BaseException) -> bool:
    """Whether a file could not be written for want of space; torch and safetensors each say it in their own way."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    text = str(error)
    return any(part in text for part in _DISK) or ("unexpected pos" in text and "file" in type(error).__name__.lower())
