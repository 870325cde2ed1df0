"""Local files as parts of a source."""

from collections.abc import Iterator
from pathlib import Path

from tlworkbench.data.file_tables import open_tables
from tlworkbench.data.source import Source
from tlworkbench.engine.import_parts import Part


def file_parts(source: Source) -> Iterator[Part]:
    """The parts of local files, in the order of splits; raises UserError that names file and line."""
    root = Path(source.id).expanduser().absolute()
    for split, paths in source.files.items():
        for path in paths:
            name = path.name if path == root else path.relative_to(root).as_posix()
            file = open_tables(path, name, source.format)
            yield Part(
                split,
                name,
                file.tables,
                file.rows,
                file.class_names,
                file.header,
                file.size,
                lambda file=file: file.position,  # type: ignore[misc]
            )
