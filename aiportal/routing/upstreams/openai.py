"""Upstreams that speak OpenAI's dialect, relayed through one connection pool."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import aiohttp
import orjson
from yarl import URL

from aiportal.dialects.operations import ANTHROPICS_OWN, Operation
from aiportal.errors import InvalidRequest, ModelUnavailable, UpstreamError, UpstreamTimeout
from aiportal.registry import Confidential, Deployment
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.failures import failure_from
from aiportal.routing.upstreams.http_pool import Address, HttpAnswer, HttpPool

__all__ = ["Endpoint", "OpenAiUpstream", "address_of"]

MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_S = 5  # how long the words of an error may take after its status
MAX_ANSWER_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address that ends in /v1 or the like, with the headers it wants."""

    base: str
    headers: Mapping[str, str]
    confidential: Confidential
    _addresses: dict[Operation, Address] = field(default_factory=dict)

    @classmethod
    def at(
        cls, base: str, api_key: str | None, extra: Mapping[str, str] | None = None
    ) -> "Endpoint":
        """extra: headers of the provider's."""
        headers = {"Accept-Encoding": "identity", **(extra or {})}
        if api_key is not None:
            headers["Authorization"] = f"Bearer {api_key}"
        return cls(base.rstrip("/"), headers, Confidential.of(api_key, extra or {}, base))

    def address(self, operation: Operation) -> Address:
        """Where to post. Raises ModelUnavailable where the base or a header cannot be used."""
        address = self._addresses.get(operation)
        if address is None:
            address = address_of(URL(f"{self.base}/{operation}"), self.headers)
            self._addresses[operation] = address
        return address


class OpenAiUpstream:
    """Posts the body as it is and hands the answer on as bytes."""

    def __init__(self, pool: HttpPool) -> None:
        self._pool = pool
        # One a deployment id, so bounded by the model config; another deployment replaces it.
        self._endpoints: dict[str, tuple[Deployment, Endpoint]] = {}

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises UpstreamError for what the upstream refuses or where it cannot be reached, InvalidRequest
        for what only another dialect has."""
        if request.operation in ANTHROPICS_OWN:
            raise InvalidRequest(
                f"The provider of the model {request.model.id!r} does not offer "
                f"`{request.operation}`. Use another model.",
                param="model",
            )
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
        address = endpoint.address(request.operation)
        return await self.post_at(address, request, confidential=endpoint.confidential)

    async def post_to(
        self,
        url: URL,
        request: UpstreamRequest,
        *,
        headers: Mapping[str, str],
        confidential: Confidential,
    ) -> UpstreamCall:
        """As `send`, to any address. confidential: what must not appear in an error."""
        return await self.post_at(address_of(url, headers), request, confidential=confidential)

    async def post_at(
        self, address: Address, request: UpstreamRequest, *, confidential: Confidential
    ) -> UpstreamCall:
        """As `post_to`, where the address is kept."""
        content, content_type = await _content(request)
        timeouts = request.timeouts
        try:
            answer = await self._pool.post(address, content, content_type, timeouts)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unreachable(error) from error
        if answer.status != 200:
            raise await _refusal(answer, confidential)
        return _OpenAiCall(answer, timeouts.between_bytes_s)


def address_of(url: URL, headers: Mapping[str, str]) -> Address:
    """Where to post with these headers. Raises ModelUnavailable where that cannot be."""
    try:
        return Address.of(url, headers)
    except ValueError as error:  # aiohttp.InvalidURL is one, too
        raise ModelUnavailable(
            f"The address or a header of this model's provider cannot be used: {error}."
        ) from error


def _encoded(body: Mapping[str, Any]) -> bytes:
    """JSON. Raises InvalidRequest for what orjson reads but does not write: 255 levels and more."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise InvalidRequest("The body is nested too deeply; 254 levels are taken.") from error


async def _content(request: UpstreamRequest) -> tuple[bytes, str]:
    """The body, and its type."""
    if not request.files:
        return _encoded(request.body), "application/json"
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in request.body.items():
        for one in value if isinstance(value, list) else [value]:
            form.add_field(name, one if isinstance(one, str) else orjson.dumps(one).decode())
    for part in request.files:
        form.add_field(
            part.name,
            BytesIO(part.content),
            filename=part.filename,
            content_type=part.content_type,
        )
    payload = form()
    return await payload.as_bytes(), payload.headers["Content-Type"]


class _OpenAiCall:
    """One answer of an OpenAI-dialect upstream."""

    def __init__(self, answer: HttpAnswer, between_bytes_s: float) -> None:
        self._answer = answer
        self._between_bytes_s = between_bytes_s

    async def read(self) -> bytes:
        body = bytearray()
        try:
            if (whole := self._answer.whole()) is not None:
                return whole
            while piece := await self._answer.piece(self._between_bytes_s):
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    raise UpstreamError("The provider's answer is too large to relay.")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _broken(error) from error
        return bytes(body)

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            while piece := await self._answer.piece(self._between_bytes_s):
                yield piece
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _broken(error) from error

    def pause(self) -> None:
        self._answer.pause()

    async def close(self) -> None:
        self._answer.close()


async def _refusal(answer: HttpAnswer, confidential: Confidential) -> UpstreamError:
    body = bytearray()
    try:
        async with asyncio.timeout(ERROR_BODY_S):
            while piece := await answer.piece(ERROR_BODY_S):
                body += piece
                if len(body) >= MAX_ERROR_BYTES:
                    break
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass  # what has come, and the status, say enough
    finally:
        answer.close()
    return failure_from(answer.status, bytes(body), answer.headers, confidential=confidential)


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
