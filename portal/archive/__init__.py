"""Everything of an installation as one portable file, and back."""

from portal.archive.importing import Import, import_archive
from portal.archive.kinds import NAMES, Selection, names_for
from portal.archive.reading import MAX_BYTES, ArchiveFault, opened_archive
from portal.archive.writing import Manifest, write_archive

__all__ = [
    "MAX_BYTES",
    "NAMES",
    "ArchiveFault",
    "Import",
    "Manifest",
    "Selection",
    "import_archive",
    "names_for",
    "opened_archive",
    "write_archive",
]
