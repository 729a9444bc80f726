"""What happens with single messages: other versions, edits, answers once more, forks."""

from collections.abc import Awaitable, Callable

import gradio as gr

from aiportal.errors import PortalError
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.chat_view import ChatView, Place, Updates, said
from pages.components import picked_model
from pages.toasts import told, warn

__all__ = ["BranchHandlers"]

Act = Callable[[Principal, Place], Awaitable[Updates]]


class BranchHandlers:
    """Every handler asks anew who the caller is, and the core asks whether what the browser names
    is theirs."""

    def __init__(self, portal: Portal, access: Access, view: ChatView) -> None:
        self._portal = portal
        self._access = access
        self._view = view

    @told
    async def show(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        request: gr.Request,
    ) -> Updates:
        """Another version of a message, with what follows it."""

        async def act(principal: Principal, place: Place) -> Updates:
            end = await self._portal.branches.choose(principal, place.chat_id, said(event, "id"))
            return await self._view.chat(principal, Place(place.chat_id, end, place.limit))

        return await self._done(act, Place.of(chat_id, leaf, shown), request)

    @told
    async def earlier(
        self, chat_id: str, leaf: str | None, shown: str | None, request: gr.Request
    ) -> Updates:
        """More of the messages of a long branch."""

        async def act(principal: Principal, place: Place) -> Updates:
            return await self._view.chat(principal, place.earlier())

        return await self._done(act, Place.of(chat_id, leaf, shown), request)

    @told
    async def again(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        picker: object,
        request: gr.Request,
    ) -> Updates:
        """The question of an answer once more, by the model named or the one that is picked now."""

        async def act(principal: Principal, place: Place) -> Updates:
            model = getattr(event, "model", None)
            started = await self._portal.turns.retry(
                principal,
                place.chat_id,
                question_id=said(event, "id"),
                model=said(event, "model") if model else picked_model(picker) or None,
            )
            return await self._view.chat(
                principal, Place(place.chat_id, started.assistant_message_id, place.limit)
            )

        return await self._done(act, Place.of(chat_id, leaf, shown), request)

    @told
    async def ask_anew(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        picker: object,
        request: gr.Request,
    ) -> Updates:
        """A question in other words, beside the one that is there."""

        async def act(principal: Principal, place: Place) -> Updates:
            question = await self._portal.branches.message(
                principal, place.chat_id, said(event, "id")
            )
            started = await self._portal.turns.start(
                principal,
                place.chat_id,
                content=said(event, "text").strip(),
                parent_id=question.parent_id or "root",
                model=picked_model(picker) or None,
                attachments=[file.id for file in question.attachments],
            )
            return await self._view.chat(
                principal, Place(place.chat_id, started.assistant_message_id, place.limit)
            )

        return await self._done(act, Place.of(chat_id, leaf, shown), request)

    @told
    async def edit(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        request: gr.Request,
    ) -> Updates:
        """Another text for a message, where it stands."""

        async def act(principal: Principal, place: Place) -> Updates:
            await self._portal.branches.edit(
                principal, place.chat_id, said(event, "id"), content=said(event, "text")
            )
            return await self._view.chat(principal, place)

        return await self._done(act, Place.of(chat_id, leaf, shown), request)

    @told
    async def go_on(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        request: gr.Request,
    ) -> Updates:
        """The rest of an answer that broke off."""

        async def act(principal: Principal, place: Place) -> Updates:
            await self._portal.turns.go_on(principal, place.chat_id, answer_id=said(event, "id"))
            return await self._view.chat(principal, place)

        return await self._done(act, Place.of(chat_id, leaf, shown), request)

    @told
    async def delete(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        request: gr.Request,
    ) -> Updates:
        """Remove a message and all below it, after the browser has asked whether that is meant."""

        async def act(principal: Principal, place: Place) -> Updates:
            branches, message_id = self._portal.branches, said(event, "id")
            message = await branches.message(principal, place.chat_id, message_id)
            await branches.delete(principal, place.chat_id, message_id)
            left = Place(place.chat_id, limit=place.limit)
            return await self._view.chat(principal, left, through=message.parent_id)

        return await self._done(act, Place.of(chat_id, leaf, shown), request)

    @told
    async def fork(
        self,
        event: gr.EventData,
        chat_id: str,
        leaf: str | None,
        shown: str | None,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """A new chat with copies of the messages up to this one; it is opened."""

        async def act(principal: Principal, place: Place) -> Updates:
            made = await self._portal.branches.fork(
                principal, place.chat_id, message_id=said(event, "id")
            )
            updates = await self._view.opened(principal, made.id)
            return updates | await self._view.rows(principal, made.id, search, clock)

        return await self._done(act, Place.of(chat_id, leaf, shown), request)

    async def _done(self, act: Act, place: Place, request: gr.Request) -> Updates:
        """What `act` makes of the page; if it is refused, the reason, and the page as it was."""
        principal = await self._access.principal(request)
        try:
            updates = await act(principal, place)
        except PortalError as error:
            warn(error.message)
            updates = await self._view.chat(principal, place)
        return updates | await self._view.account(principal)
