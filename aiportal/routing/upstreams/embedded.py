"""The embedded language model: one more OpenAI-dialect endpoint, leased for the length of a call."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from aiportal.dialects.operations import CHAT
from aiportal.errors import InvalidRequest, ModelUnavailable
from aiportal.local import LocalModels
from aiportal.routing.upstreams.call import UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.openai import Endpoint, OpenAiUpstream

__all__ = ["EmbeddedUpstream"]

# The engine closes waiting connections when it is busy, now and then under a call that reuses one.
_ONE_CALL = {"Connection": "close"}


class EmbeddedUpstream:
    """Loads the model if need be, then relays as to any other upstream."""

    def __init__(self, openai: OpenAiUpstream, local: LocalModels) -> None:
        self._openai = openai
        self._local = local

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises ModelUnavailable where the weights or the extra are missing."""
        model = request.model
        is_embedding = "embeddings" in model.capabilities and "chat" not in model.capabilities
        if request.operation != ("embeddings" if is_embedding else CHAT):
            what = "makes embeddings" if is_embedding else "answers in chats"
            raise InvalidRequest(
                f"The model {model.id!r} {what} only. Choose another one for this.", param="model"
            )
        if model.weights is None:
            raise ModelUnavailable(
                f"The model {model.id!r} has no `weights`. Add a source to its file."
            )
        async with AsyncExitStack() as stack:
            endpoint = await stack.enter_async_context(
                self._local.lease(
                    model.base_model or model.id,
                    model.weights,
                    context_window=model.context_window,
                    is_embedding=is_embedding,
                )
            )
            call = await self._openai.post(
                Endpoint.at(endpoint.base_url, endpoint.api_key, _ONE_CALL), request
            )
            return _LeasedCall(call, stack.pop_all())


class _LeasedCall:
    """A call that gives its lease back when it is closed."""

    def __init__(self, call: UpstreamCall, lease: AsyncExitStack) -> None:
        self._call = call
        self._lease = lease

    async def read(self) -> bytes:
        return await self._call.read()

    def pieces(self) -> AsyncIterator[bytes]:
        return self._call.pieces()

    def pause(self) -> None:
        self._call.pause()

    async def close(self) -> None:
        async with self._lease:
            await self._call.close()
