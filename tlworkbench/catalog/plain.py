"""Text from strangers (model ids, label names, Hub answers), made safe to show."""


def plain(text: object, limit: int = 200) -> str:
    """`text` on one line of at most `limit` characters: control, escape and bidi characters become spaces."""
    # What lies far behind the limit can't show, so a megabyte costs no more than a line.
    head = str(text)[: 4 * limit]
    line = " ".join("".join(character if character.isprintable() else " " for character in head).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def size_text(count: int) -> str:
    """Bytes as a person reads them: `512 bytes`, `43 kB`, `91 MB`, `1.2 GB`."""
    if count < 1000:
        return f"{count} bytes"
    if count < 1_000_000:
        return f"{count / 1e3:.0f} kB"
    return f"{count / 1e6:.0f} MB" if count < 1_000_000_000 else f"{count / 1e9:.1f} GB"
