"""Words of others in, the same without what is nobody's business out: for whatever is recorded, logged or shown."""

import re
from urllib.parse import unquote, urlsplit

FEWEST = 6
"""Characters of a part of an address that may be a secret; "hook" is a word."""
_KEY = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+|https?://\S+")


def unaddressed(text: str) -> str:
    """*text* without anybody's mailbox or link in it."""
    return _ADDRESS.sub("(address)", text)


def without_secrets(text: str, url: str) -> str:
    """What a receiver says, without the path, the query and the keys that only it and we know: some say back all that they were sent."""
    parts = urlsplit(url)
    known = {piece for piece in (*parts.path.split("/"), *re.split("[&=;]", parts.query), parts.username, parts.password) if piece}
    known |= {unquote(piece) for piece in known}
    for secret in sorted((piece for piece in known if len(piece) >= FEWEST), key=len, reverse=True):
        text = text.replace(secret, "(hidden)")
    return _KEY.sub("(hidden)", text)
