"""Who read: the versions of the detector's code and lexicons, of model, gazetteer and the deployer's own places in, one line out."""

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent
ASIDE = frozenset({"pool.py", "build_gazetteer.py"})
"""Code that carries articles to the reader, or builds what has a version of its own: it changes nothing that is read."""
DIGITS = 8
"""Of a hash: enough to tell some thousand versions apart, few enough to be read out."""


def made_by(model: str, gazetteer: str, sites: Path | None, *, folder: Path = FOLDER) -> str:
    """The line that mentions carry.

    Two readers of one line find the same in the same article. No number is counted up by hand, as it would be forgotten: whoever
    changes a file of the detector changes the line.

    Args:
        model: Name and version of the language model.
        gazetteer: Version of the built gazetteer, from its manifest.
        sites: The deployer's own places; None for none.
        folder: Where the detector's code and lexicons are.
    """
    files = [*(f for f in folder.glob("*.py") if f.name not in ASIDE), *(folder / "data").glob("*.tsv")]
    parts = [f"tocsin-detector {_hash(files)}", model, f"gazetteer {gazetteer[:DIGITS]}"]
    return ", ".join(parts if sites is None else [*parts, f"sites {_hash([sites], named=False)}"])


def _hash(files: list[Path], *, named: bool = True) -> str:
    """Of what the files hold, and which file holds it."""
    found = sha256()
    for file in sorted(files):
        text = file.read_bytes().replace(b"\r\n", b"\n")  # as a checkout on another system may have it
        found.update(f"{file.name if named else ''}\0{len(text)}\0".encode() + text)
    return found.hexdigest()[:DIGITS]
