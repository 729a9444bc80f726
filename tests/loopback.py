"""How tests' clients reach servers of this machine."""

import ssl
from typing import Final

__all__ = ["NO_TLS"]

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For httpx, which else reads all authorities' certificates for each client, in 50 ms."""
