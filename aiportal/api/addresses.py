"""Where people reach the portal."""

__all__ = ["sign_in_url", "url_of"]

EVERYWHERE = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - only compared with


def url_of(host: str, port: int) -> str:
    """The address to open on this machine for a server that listens on `host` and `port`."""
    name = "127.0.0.1" if host in EVERYWHERE else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def sign_in_url(base_url: str, token: str) -> str:
    """The page that signs in whoever opens it with a token of `SignInLinks.create`."""
    return f"{base_url.rstrip('/')}/login/link?token={token}"
