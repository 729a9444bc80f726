"""Responses: answers that are kept for their owner, who goes on from them by their ids."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from aiportal.chat.conversations import Page
from aiportal.chat.response_exchange import ResponseExchange, RunningResponse
from aiportal.chat.response_store import Chain, ResponseStore, StoredResponse, encoded
from aiportal.dialects.openai_chat import ChatLimits
from aiportal.dialects.responses import (
    Answer,
    InputMessage,
    Item,
    ItemReference,
    ResponsesBody,
    chat_request,
    item_id,
    read_items,
)
from aiportal.errors import InvalidRequest, NotFound, RequestTooLarge
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.store import Database

__all__ = ["Responses"]

MAX_STORED_INPUT_BYTES = 16 * 1024 * 1024
CANCEL_WAIT_S = 5
MAX_PAGE = 100
_ITEM_PREFIXES = {"function_call": "fc", "function_call_output": "fco", "reasoning": "rs"}
_HEX_OF_AN_ID = 32  # see `new_id`


@dataclass(frozen=True, slots=True)
class _History:
    """What comes before a new input. chain_id: of the conversation that it continues."""

    items: Sequence[Item] = ()
    chain_id: str | None = None


class Responses:
    """Every method sees only the caller's own; another's is NotFound, as if it were not there."""

    def __init__(self, database: Database) -> None:
        self._store = ResponseStore(database)
        self._running: dict[str, RunningResponse] = {}

    async def open(
        self, principal: Principal, body: object, limits: ChatLimits
    ) -> ResponseExchange:
        """A new response from a decoded JSON body, after those that it goes on from.

        Raises InvalidRequest, RequestTooLarge, and NotFound for a `previous_response_id` that is
        not there.
        """
        asked = ResponsesBody.parse(body)
        history = await self._history(principal, asked.previous_response_id, limits)
        own = await self._resolved(principal, _own_items(asked), limits)
        request = chat_request(asked, [*history.items, *own], limits)
        response_id = new_id("resp")
        answer = Answer(asked, response_id, inputs=len(own))
        kept_input = _with_ids(own, response_id)
        size = len(encoded(kept_input)) + len(encoded(answer.resource()))
        if asked.is_stored and size > MAX_STORED_INPUT_BYTES:
            raise RequestTooLarge(
                f"The input has {size} bytes; {MAX_STORED_INPUT_BYTES} of a response can be kept. "
                "Send less, or `store: false`.",
                param="input",
            )

        async def save(resource: dict[str, Any]) -> None:
            stored = StoredResponse(
                response_id,
                history.chain_id or response_id,
                asked.previous_response_id,
                kept_input,
                resource,
            )
            await self._store.save(principal, stored)

        return ResponseExchange(
            request,
            RunningResponse(principal.user_id, answer),
            save=save if asked.is_stored else None,
            table=self._running,
        )

    async def get(self, principal: Principal, response_id: str) -> Mapping[str, Any]:
        """The Response object, also of a stream that still runs. Raises NotFound."""
        if (running := self._own_running(principal, response_id)) is not None:
            return running.answer.resource()
        found = await self._store.find(principal, response_id)
        if found is None:
            raise _not_found(response_id)
        return found.resource

    async def delete(self, principal: Principal, response_id: str) -> None:
        """Forget it. Those that go on from it stay, but none can go on from them any more.

        Raises NotFound, InvalidRequest while it runs.
        """
        if self._own_running(principal, response_id) is not None:
            raise InvalidRequest("The response is still running. Cancel it first.")
        if not await self._store.delete(principal, response_id):
            raise _not_found(response_id)

    async def cancel(self, principal: Principal, response_id: str) -> Mapping[str, Any]:
        """Break off a stream that runs: its Response object, with what there is of the output.

        One that was cancelled before is given again. Raises NotFound, InvalidRequest for one that
        has come to another end.
        """
        running = self._own_running(principal, response_id)
        if running is not None:
            running.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(CANCEL_WAIT_S):
                    await running.ended.wait()
            return running.answer.resource()
        resource = await self.get(principal, response_id)
        if resource["status"] != "cancelled":
            raise InvalidRequest(
                f"The response is {resource['status']}: only one that runs can be cancelled.",
                param="response_id",
            )
        return resource

    async def input_items(
        self,
        principal: Principal,
        response_id: str,
        *,
        limits: ChatLimits,
        order: Literal["asc", "desc"] = "desc",
        limit: int = 20,
        after: str | None = None,
    ) -> Page[Mapping[str, Any]]:
        """What the model was given, earlier responses included. Raises NotFound, InvalidRequest."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidRequest(f"`limit` is 1 to {MAX_PAGE}, not {limit}.", param="limit")
        chain = await self._chain(principal, response_id, limits)
        items = [
            item for earlier in chain.responses[:-1] for item in (*earlier.input, *_output(earlier))
        ]
        items += chain.responses[-1].input
        if order == "desc":
            items.reverse()
        if after is not None:
            places = [place for place, item in enumerate(items) if item.get("id") == after]
            if not places:
                raise InvalidRequest(f"There is no item {after[:100]!r} here.", param="after")
            items = items[places[-1] + 1 :]
        return Page(items[:limit], has_more=len(items) > limit)

    def _own_running(self, principal: Principal, response_id: str) -> RunningResponse | None:
        running = self._running.get(response_id)
        return running if running is not None and running.user_id == principal.user_id else None

    async def _history(
        self, principal: Principal, previous_id: str | None, limits: ChatLimits
    ) -> _History:
        if previous_id is None:
            return _History()
        if self._own_running(principal, previous_id) is not None:
            raise InvalidRequest(
                "The previous response is still running. Wait for its end, or cancel it.",
                param="previous_response_id",
            )
        chain = await self._chain(principal, previous_id, limits, param="previous_response_id")
        if not chain.is_whole:
            raise InvalidRequest(
                "A response that the previous one goes on from was deleted, so the conversation "
                "cannot be put together. Send it as `input`.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        items = [
            item for earlier in chain.responses for item in (*earlier.input, *_usable(earlier))
        ]
        return _History(read_items(items), chain.responses[-1].chain_id)

    async def _chain(
        self,
        principal: Principal,
        response_id: str,
        limits: ChatLimits,
        *,
        param: str | None = None,
    ) -> Chain:
        chain = await self._store.chain(
            principal,
            response_id,
            max_responses=limits.max_messages,
            max_bytes=limits.max_body_bytes,
        )
        if chain.is_too_long:
            raise InvalidRequest(
                f"The conversation is too long: {limits.max_messages} responses and "
                f"{limits.max_body_bytes} bytes are put together at most. Begin a new one.",
                param=param,
            )
        if not chain.responses:
            code = "previous_response_not_found" if param is not None else None
            raise _not_found(response_id, param=param, code=code)
        return chain

    async def _resolved(
        self, principal: Principal, items: Sequence[Item], limits: ChatLimits
    ) -> Sequence[Item]:
        """The items with what references stand for; one that is not found is left for later.

        Raises InvalidRequest for more references than messages, RequestTooLarge where what they
        stand for is more than a body may have: a few bytes can stand for many.
        """
        uses = Counter(item.id for item in items if isinstance(item, ItemReference))
        if not uses:
            return items
        if len(uses) > limits.max_messages:
            raise InvalidRequest(
                f"At most {limits.max_messages} items are referred to.", param="input"
            )
        known: dict[str, dict[str, Any]] = {}
        left = limits.max_body_bytes
        for response_id in {_response_of(id_) for id_ in uses}:
            found = await self._store.find(principal, response_id)
            if found is None:
                continue
            for item in (*found.input, *_output(found)):
                if (id_ := str(item.get("id"))) in uses:
                    known[id_] = item
                    left -= uses[id_] * len(encoded(item))
            if left < 0:
                raise RequestTooLarge(
                    f"The items that are referred to have more than {limits.max_body_bytes} bytes."
                )
        return [
            read_items([known[item.id]])[0]
            if isinstance(item, ItemReference) and item.id in known
            else item
            for item in items
        ]


def _own_items(body: ResponsesBody) -> Sequence[Item]:
    if isinstance(body.input, str):
        return [InputMessage(role="user", content=body.input)]
    return body.input


def _with_ids(items: Sequence[Item], response_id: str) -> list[dict[str, Any]]:
    """Items as they are listed: each with an id, messages with their parts and a status."""
    listed = []
    for place, item in enumerate(items):
        fields = item.model_dump(exclude_unset=True)
        kind = fields.setdefault("type", item.type)
        prefix = _ITEM_PREFIXES.get(str(kind), "msg")
        fields["id"] = fields.get("id") or item_id(response_id, prefix, place)
        if isinstance(item, InputMessage):
            fields.setdefault("status", "completed")
            if isinstance(item.content, str):
                fields["content"] = [_text_part(item.role, item.content)]
        listed.append(fields)
    return listed


def _text_part(role: str, text: str) -> dict[str, Any]:
    if role == "assistant":
        return {"type": "output_text", "text": text, "annotations": []}
    return {"type": "input_text", "text": text}


def _output(response: StoredResponse) -> list[dict[str, Any]]:
    return list(response.resource["output"])


def _usable(response: StoredResponse) -> list[dict[str, Any]]:
    """The output without calls whose arguments were cut off."""
    return [
        item
        for item in _output(response)
        if not (item["type"] == "function_call" and item["status"] == "incomplete")
    ]


def _response_of(id_: str) -> str:
    """The response that an item of ours is of, by its id: see `item_id`."""
    return f"resp_{id_.partition('_')[2][:_HEX_OF_AN_ID]}"


def _not_found(response_id: str, *, param: str | None = None, code: str | None = None) -> NotFound:
    return NotFound(
        f"There is no response {response_id[:100]!r}. It was deleted, was not stored, or is older "
        "than 30 days, or the id is wrong.",
        param=param,
        code=code,
    )
