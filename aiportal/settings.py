"""The settings of one portal: AIPORTAL_* variables, then `.env` in the working folder, then defaults.

The only module that reads the environment. Each field's docstring is its documentation;
`docs/settings.md` and `.env.example` are generated from them.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import platformdirs
from dotenv import dotenv_values
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = [
    "LOOPBACK_HOSTS",
    "Platform",
    "Settings",
    "child_environment",
    "ensure_temporary_folder",
    "keep_litellm_offline",
    "read_or_create_secret",
]

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_LOCAL_SERVER = re.compile(
    r"[a-z][a-z0-9-]{0,29}=http://(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}"
)
_SEARCH_URL = re.compile(r"(?:brave|tavily|wikipedia)=https?://[^\s@?#]+")


class Settings(BaseSettings):
    """Build one with `Settings()` (environment and `.env`) or with keyword arguments (tests)."""

    model_config = SettingsConfigDict(
        env_prefix="AIPORTAL_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a password may stand in it
        use_attribute_docstrings=True,
    )

    host: str = "127.0.0.1"
    """Address to listen on. Loopback by default, so that nobody else reaches a fresh install;
    `0.0.0.0` for a server or a container."""

    port: int = Field(7860, ge=0, le=65535)
    """TCP port for the web app and the API. 0 takes a free one. 7860 is what Spaces expect."""

    data_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("aiportal")))
    """Folder of the database, the secrets and uploaded files. One portal, one folder."""

    cache_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("aiportal")))
    """Folder of model weights. Shared by all data folders of a user, and safe to delete."""

    model_config_dir: Path | None = None
    """Folder with `config.json` and `models/`. Unset: `model_config/` of the working folder,
    else the packaged copy, laid into the data folder at the first start."""

    tools_dir: Path | None = None
    """Folder with a folder for each tool. Unset: `tools/` of the working folder if a `config.json` is
    in it, else the packaged copy, laid into the data folder at the first start."""

    local_model: Literal["on", "off"] = "on"
    """`off`: no embedded language model; `serve` fetches no weights and `local/` models answer 503."""

    local_idle_s: float = Field(900, ge=1, le=86_400)
    """Seconds without a request after which an embedded model leaves memory.
    Shorter saves memory, longer saves the loading time."""

    local_parallel: int = Field(4, ge=1, le=64)
    """Requests that one embedded model answers at once; more wait. Each costs its share of the
    context's memory."""

    discover_local: bool = True
    """Look for model servers on this machine and offer what they serve, without any file."""

    local_servers: Annotated[tuple[str, ...], NoDecode] = (
        "ollama=http://127.0.0.1:11434",
        "llamacpp=http://127.0.0.1:8080",
        "lmstudio=http://127.0.0.1:1234",
    )
    """Where to look for them: `NAME=ADDRESS`, separated by commas. Only loopback addresses; the name
    begins the ids of what is found there."""

    sandbox: Literal["auto", "namespaces", "landlock", "off"] = "auto"
    """How the programs of tools are kept apart from this machine. `auto`: by namespaces, else by
    Landlock, whichever holds in a self-test; without either tools answer 503. `namespaces`,
    `landlock`: by this means only. `off`: no program is run at all."""

    jwt_secret: SecretStr | None = None
    """Key that signs access tokens, at least 32 characters. Unset: made once and kept in the data
    folder (mode 0600). Set it where the data folder does not last, and alike on all replicas."""

    session_ttl_s: int = Field(14 * 86_400, ge=300, le=365 * 86_400)
    """Seconds that a sign-in in the browser lasts without use."""

    access_token_ttl_s: int = Field(900, ge=60, le=86_400)
    """Seconds that an access token of the API is good for; the refresh token renews it."""

    admin_password: SecretStr | None = None
    """Password of the user `admin` when the first start makes it. Unset: a one-time sign-in link is
    printed instead. For places without a terminal, such as Spaces."""

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Web origins, separated by commas, whose pages may call the API. None by default."""

    behind_proxy: bool = False
    """Trust `X-Forwarded-*` headers. Only where a proxy of yours sets them. On Spaces it is on."""

    max_turns_per_user: int = Field(8, ge=1, le=1000)
    """Answers of the chat that one user may have running at once."""

    max_attachment_bytes: int = Field(20 * 1024 * 1024, ge=1024, le=1024**3)
    """Bytes of one file that is attached to a question. Also bounded by `limits.maxBodyBytes`."""

    max_attachment_bytes_per_user: int = Field(1024**3, ge=1024, le=1024**5)
    """Bytes of all files that the chats of one user hold."""

    chat_titles: Literal["on", "off"] = "on"
    """`on`: after the first answer of a chat its model writes the title, one short call more.
    `off`: the first words of the question stay. Each user may choose otherwise: the preference
    `{"chat": {"titles": true}}` or `false`."""

    fetch_allow: Annotated[tuple[str, ...], NoDecode] = ()
    """What web search, tools and research may reach although it is not on the public internet, such
    as a SearXNG of your own: `HOST`, `HOST:PORT`, `ADDRESS`, `ADDRESS:PORT` or `NETWORK/BITS`,
    separated by commas. Models can steer there what they like: name as little as you can. Nothing
    by default."""

    fetch_contact: str = Field("", max_length=200, pattern=r"[\x21-\x7e]*")
    """A web or mail address for the sites that this portal fetches pages from, told to them in
    `User-Agent`. Wikipedia asks for one."""

    search_urls: Annotated[tuple[str, ...], NoDecode] = ()
    """Other addresses of the search providers `brave`, `tavily` and `wikipedia`: `NAME=ADDRESS`,
    separated by commas, such as `wikipedia=https://de.wikipedia.org`."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much the log says. Prompts, answers and keys are never logged."""

    log_format: Literal["text", "json"] = "text"
    """`json`: one object a line, for log collectors."""

    on_spaces: bool = False
    """Set by `app.py` on Hugging Face Spaces: cookies for a framed page, proxy headers trusted."""

    @field_validator("cors_origins", "local_servers", "fetch_allow", "search_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("local_servers")
    @classmethod
    def _check_servers(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        for server in servers:
            if not _LOCAL_SERVER.fullmatch(server):
                raise ValueError("each is NAME=http://ADDRESS:PORT, the address a loopback one")
        return servers

    @field_validator("search_urls")
    @classmethod
    def _check_search_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            if not _SEARCH_URL.fullmatch(url):
                raise ValueError(
                    "each is NAME=http(s)://ADDRESS, the name brave, tavily or wikipedia"
                )
        return urls

    @model_validator(mode="after")
    def _check_secret(self) -> Self:
        if self.jwt_secret is not None and len(self.jwt_secret.get_secret_value()) < 32:
            raise ValueError("jwt_secret needs at least 32 characters; unset it to have one made")
        return self

    @classmethod
    def for_app(cls, platform: "Platform | None" = None) -> Self:
        """The settings of `python app.py`: what Gradio's and Spaces' variables say comes first.

        On Spaces also: listen everywhere, and keep the data where it can be written, best where it
        lasts. Folders that are set stay as they are set.
        """
        platform = platform or Platform()
        given = cls()
        changes: dict[str, Any] = {
            "host": platform.gradio_server_name,
            "port": platform.gradio_server_port,
        }
        if platform.is_spaces:
            changes |= {"on_spaces": True, "behind_proxy": True}
            if changes["host"] is None and "host" not in given.model_fields_set:
                changes["host"] = "0.0.0.0"  # noqa: S104 - in a container that nothing else is in
            if "data_dir" not in given.model_fields_set:
                changes["data_dir"] = _first_writable(platform.data_folders(given.data_dir))
            if "cache_dir" not in given.model_fields_set and not _is_writable(given.cache_dir):
                changes["cache_dir"] = changes.get("data_dir", given.data_dir) / "cache"
        return cls(**{name: value for name, value in changes.items() if value is not None})

    def make_data_dir(self) -> None:
        """Make the data folder if need be, and see that nobody else can read it (mode 0700)."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(PermissionError):  # another user's folder, lent to us: theirs to protect
            self.data_dir.chmod(0o700)

    @property
    def database_path(self) -> Path:
        return self.data_dir / "aiportal.db"

    def provider_environment(self) -> Mapping[str, str]:
        """Names and values that provider keys are looked up in: `.env`, overruled by the environment."""
        from_file = {name: value for name, value in dotenv_values(".env").items() if value}
        return {**from_file, **os.environ}


class Platform(BaseSettings):
    """What the place that this process runs in says of itself, in variables that are not ours."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    gradio_server_name: str | None = None
    gradio_server_port: int | None = Field(None, ge=0, le=65535)
    space_id: str | None = None
    space_host: str | None = None
    system: str | None = None

    @property
    def is_spaces(self) -> bool:
        """True on Hugging Face Spaces."""
        return self.space_id is not None or self.system == "spaces"

    @property
    def public_url(self) -> str | None:
        """How people reach a Space directly, None elsewhere."""
        return f"https://{self.space_host}" if self.is_spaces and self.space_host else None

    def data_folders(self, default: Path) -> Sequence[Path]:
        """Where a Space may keep its data, the most lasting first: `/data` is paid for and stays."""
        return (Path("/data/aiportal"), default, Path("/tmp/aiportal"))  # noqa: S108 - one user only


def ensure_temporary_folder(data_dir: Path) -> None:
    """Where no usual folder for temporary files can be written, take one in the data folder."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        folder = data_dir / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _first_writable(folders: Sequence[Path]) -> Path:
    """The first that can be made or written; the last one if none can, whose error then says why."""
    return next((folder for folder in folders if _is_writable(folder)), folders[-1])


def _is_writable(folder: Path) -> bool:
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


_FOR_CHILDREN = re.compile(
    r"PATH|HOME|USER|LOGNAME|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA|LOCALAPPDATA|PROGRAMDATA"
    r"|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|XDG_\w+"
    r"|VIRTUAL_ENV|PYTHON\w+|LD_LIBRARY_PATH|DYLD_\w+|NETRC|PIP_\w+|HTTPS?_PROXY|ALL_PROXY|NO_PROXY"
    r"|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|OMP_\w+|GGML_\w+|CUDA_\w+|HIP_\w+|ROCM?_\w+",
    re.IGNORECASE,
)


def child_environment() -> dict[str, str]:
    """The environment for programs that we start: paths, locale, proxies, certificates, pip's own.

    No key and no password of ours or of a provider is in it.
    """
    return {name: value for name, value in os.environ.items() if _FOR_CHILDREN.fullmatch(name)}


def keep_litellm_offline() -> None:
    """To be called before LiteLLM is imported, so that it only ever asks the provider it is told to."""
    os.environ |= {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else its import downloads a price map
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",  # else its first call downloads a list
        "LITELLM_MODE": "PRODUCTION",  # else it puts a folder's `.env` into the environment
        "MAX_IMAGE_URL_DOWNLOAD_SIZE_MB": "0",  # else it downloads pictures whose address a caller gives
        "AWS_EC2_METADATA_DISABLED": "true",  # else boto looks for credentials in the network
    }


def read_or_create_secret(path: Path) -> str:
    """The secret in `path`: 64 hex digits, made at the first call, file mode 0600.

    Two processes that start at once agree, because only one can create the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    candidate = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(candidate, path)
    except FileExistsError:
        pass
    finally:
        candidate.unlink()
    return path.read_text().strip()
