"""Upstreams that speak OpenAI's dialect, relayed through one connection pool."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import Any

import aiohttp
import orjson
from multidict import CIMultiDict
from yarl import URL

from aiportal.dialects.operations import Operation
from aiportal.errors import InvalidRequest, ModelUnavailable, UpstreamError, UpstreamTimeout
from aiportal.registry import Deployment, Timeouts
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.failures import failure_from

__all__ = ["Endpoint", "OpenAiUpstream"]

MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_S = 5  # how long the words of an error may take after its status
MAX_ANSWER_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that ends in /v1 or the like, with the headers it wants and the secret among them."""

    base: str
    headers: CIMultiDict[str]
    secret: str | None
    _urls: dict[Operation, URL] = field(default_factory=dict)

    @classmethod
    def at(
        cls, base: str, api_key: str | None, extra: Mapping[str, str] | None = None
    ) -> "Endpoint":
        """extra: headers of the provider's."""
        headers = CIMultiDict({"Accept-Encoding": "identity", **(extra or {})})
        if api_key is not None:
            headers["Authorization"] = f"Bearer {api_key}"
        return cls(base.rstrip("/"), headers, api_key)

    def url(self, operation: Operation) -> URL:
        """Where to post. Parsed once: that costs as much as half of a request."""
        url = self._urls.get(operation)
        if url is None:
            url = self._urls[operation] = URL(f"{self.base}/{operation}")
        return url


class OpenAiUpstream:
    """Posts the body as it is and hands the answer on as bytes."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        # One a deployment id, so bounded by the model config; another deployment replaces it.
        self._endpoints: dict[str, tuple[Deployment, Endpoint]] = {}

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises UpstreamError for what the upstream refuses or where it cannot be reached."""
        return await self.post(self._endpoint(request), request)

    def _endpoint(self, request: UpstreamRequest) -> Endpoint:
        deployment = request.deployment
        known = self._endpoints.get(deployment.id)
        if known is not None and known[0] is deployment:
            return known[1]
        if deployment.api_base is None:
            raise ModelUnavailable(
                f"The model {request.model.id!r} has no `apiBase`. Add one to its file or provider.",
                param="model",
            )
        endpoint = Endpoint.at(deployment.api_base, deployment.api_key, deployment.headers)
        self._endpoints[deployment.id] = (deployment, endpoint)
        return endpoint

    async def post(self, endpoint: Endpoint, request: UpstreamRequest) -> UpstreamCall:
        """As `send`, to an endpoint that the caller names."""
        return await self.post_to(
            endpoint.url(request.operation),
            request,
            headers=endpoint.headers,
            secret=endpoint.secret,
        )

    async def post_to(
        self,
        url: URL,
        request: UpstreamRequest,
        *,
        headers: CIMultiDict[str],
        secret: str | None,
    ) -> UpstreamCall:
        """As `send`, to any address. secret: what must not appear in an error."""
        timeouts = request.timeouts
        try:
            response = await self._session.post(
                url,
                data=_payload(request),
                headers=headers,
                allow_redirects=False,
                timeout=_client_timeout(timeouts),
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreachable(error) from error
        if response.status != 200:
            raise await _refusal(response, secret)
        return _OpenAiCall(response, timeouts.between_bytes_s)


def _encoded(body: Mapping[str, Any]) -> bytes:
    """JSON. Raises InvalidRequest for what orjson reads but does not write: 255 levels and more."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise InvalidRequest("The body is nested too deeply; 254 levels are taken.") from error


def _payload(request: UpstreamRequest) -> aiohttp.BytesPayload | aiohttp.FormData:
    if not request.files:
        return aiohttp.BytesPayload(_encoded(request.body), content_type="application/json")
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in request.body.items():
        for one in value if isinstance(value, list) else [value]:
            form.add_field(name, one if isinstance(one, str) else orjson.dumps(one).decode())
    for part in request.files:
        form.add_field(
            part.name,
            BytesIO(part.content),  # read piece by piece
            filename=part.filename,
            content_type=part.content_type,
        )
    return form


@lru_cache(maxsize=64)
def _client_timeout(timeouts: Timeouts) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=timeouts.total_s, sock_connect=timeouts.connect_s, sock_read=timeouts.first_byte_s
    )


class _OpenAiCall:
    """One answer of an OpenAI-dialect upstream."""

    def __init__(self, response: aiohttp.ClientResponse, between_bytes_s: float) -> None:
        self._response = response
        self._between_bytes_s = between_bytes_s

    async def read(self) -> bytes:
        length = self._response.content_length
        is_packed = "Content-Encoding" in self._response.headers  # larger than its length, then
        try:
            if length is not None and length <= MAX_ANSWER_BYTES and not is_packed:
                return await self._response.read()
            return await self._read_bounded()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _broken(error) from error

    async def _read_bounded(self) -> bytes:
        body = bytearray()
        async for piece in self._response.content.iter_any():
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                raise UpstreamError("The provider's answer is too large to relay.")
        return bytes(body)

    async def pieces(self) -> AsyncIterator[bytes]:
        content = self._response.content
        try:
            while piece := await content.readany():
                self._shorten_timeout()
                yield piece
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _broken(error) from error

    def _shorten_timeout(self) -> None:
        connection = self._response.connection
        if connection is not None and connection.protocol is not None:
            connection.protocol.read_timeout = self._between_bytes_s

    async def close(self) -> None:
        if not self._response.content.at_eof() and self._response.connection is not None:
            self._response.close()
        else:
            self._response.release()


async def _refusal(response: aiohttp.ClientResponse, secret: str | None) -> UpstreamError:
    body = bytearray()
    try:
        async with asyncio.timeout(ERROR_BODY_S):
            while len(body) < MAX_ERROR_BYTES and (piece := await response.content.readany()):
                body += piece
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass  # what has come, and the status, say enough
    finally:
        response.close()
    return failure_from(response.status, bytes(body), response.headers, secret=secret)


def _unreachable(error: Exception) -> UpstreamError:
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(
            "The provider of this model did not answer in time. Try again, or use another model."
        )
    return UpstreamError(
        "The provider of this model could not be reached. Try again, or use another model.",
        code="upstream_unreachable",
    )


def _broken(error: Exception) -> UpstreamError:
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(
            "The provider of this model fell silent in the middle of its answer."
        )
    return UpstreamError(
        "The provider of this model broke off in the middle of its answer. Try again.",
        code="upstream_broke_off",
    )
