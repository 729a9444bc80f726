"""What a reader does with the list of chats: pin, archive, tag, move, delete, bring back; projects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import gradio as gr

from aiportal.chat import BulkAction, BulkChange
from aiportal.errors import InvalidRequest
from aiportal.ids import new_id
from aiportal.portal import Portal
from aiportal.principal import Principal
from pages.access import Access
from pages.chat_parts import ChatParts
from pages.chat_view import ChatView, Updates, said
from pages.components import part
from pages.list_view import ListView
from pages.project_chip import ProjectChip
from pages.texts import say, texts
from pages.toasts import told

__all__ = ["ArrangingHandlers", "ArrangingParts", "arranging_parts"]

_UNDO = """\
{{#if value.text}}
<div class="toast-body undo" role="status" data-stamp="{{value.stamp}}">
  <span>{{value.text}}</span>
  <button type="button" class="lnk" data-act="undo" data-ids="{{value.ids}}"
    data-action="{{value.action}}">⟦Undo⟧</button>
  <button type="button" class="ib i-close" data-act="undo-close" aria-label="⟦Close⟧"></button>
</div>
{{/if}}"""
_WAYS_BACK: dict[BulkAction, BulkAction] = {
    "delete": "restore",
    "archive": "unarchive",
    "unarchive": "archive",
}
# Of one chat, of many.
_DONE: dict[BulkAction, tuple[str, ...]] = {
    "delete": texts("Chat deleted.", "{count} chats deleted."),
    "archive": texts("Chat archived.", "{count} chats archived."),
    "unarchive": texts("Chat back in the list.", "{count} chats back in the list."),
}


@dataclass(frozen=True)
class ArrangingParts:
    """signals: where history.js reports what is wanted. undo: the toast with the way back."""

    signals: gr.HTML
    undo: gr.HTML


def arranging_parts() -> ArrangingParts:
    """Lay them out within the current Blocks context; neither is seen at first."""
    signals = part(
        "<span></span>", classes="offstage", on_load="window.aiportal.connectHistory(trigger)"
    )
    return ArrangingParts(signals, part(_UNDO, {"text": ""}, classes="undo-part"))


class ArrangingHandlers:
    """Every handler asks anew who the caller is, and the core asks whether what the browser names
    is theirs."""

    def __init__(
        self,
        portal: Portal,
        access: Access,
        view: ChatView,
        parts: ChatParts,
        arranging: ArrangingParts,
    ) -> None:
        self._portal = portal
        self._access = access
        self._view = view
        self._parts = parts
        self._arranging = arranging
        self._project_chip = ProjectChip(portal)

    @told
    async def change(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """The same change of one chat or of many, all or none."""
        principal = await self._access.principal(request)
        change, ids = _wanted(event)
        await self._portal.conversations.change_all(principal, ids, change)
        updates = await self._view.rows(principal, chat_id, search, clock)
        chip = await self._chip(principal, chat_id, ListView.parse(clock))
        return updates | chip | self._undo(change, ids, clock)

    @told
    async def retag(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """Other tags for one chat."""
        principal = await self._access.principal(request)
        await self._portal.conversations.update(
            principal, said(event, "id"), tags=_texts(event, "tags")
        )
        return await self._view.rows(principal, chat_id, search, clock)

    @told
    async def delete(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """One chat or many into the trash; if the open one is among them, a new one is begun."""
        principal = await self._access.principal(request)
        ids = _texts(event, "ids")
        change = BulkChange("delete")
        await self._portal.conversations.change_all(principal, ids, change)
        undo = self._undo(change, ids, clock)
        if chat_id in ids:
            rows = await self._view.rows(principal, "", search, clock)
            new = self._view.new_chat() | await self._view.new_chat_in(principal, clock)
            return new | rows | undo
        return await self._view.rows(principal, chat_id, search, clock) | undo

    @told
    async def narrow(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """Only the chats of a project or with a tag, only the archived ones, or all again."""
        principal = await self._access.principal(request)
        view = ListView.parse(clock).narrowed(
            project_id=said(event, "project"),
            tag=said(event, "tag"),
            is_archived=bool(said(event, "archived")),
        )
        return await self._narrowed(principal, chat_id, search, view)

    @told
    async def save_project(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """A new project, which is opened, or other settings of one. `files`: left out where the
        browser does not know which it has."""
        principal = await self._access.principal(request)
        project_id = said(event, "id")
        fields = {name: said(event, name) for name in ("name", "instructions", "model")}
        files = None if getattr(event, "files", None) is None else _texts(event, "files")
        await self._portal.attachments.chosen(principal, files or ())  # or nothing is changed
        view = ListView.parse(clock)
        if project_id:
            await self._portal.projects.update(principal, project_id, **fields)
        else:
            made = await self._portal.projects.create(principal, **fields)
            project_id, view = made.id, view.narrowed(project_id=made.id)
        if files is not None:
            await self._portal.project_files.put(principal, project_id, files)
        return await self._narrowed(principal, chat_id, search, view)

    @told
    async def delete_project(
        self,
        event: gr.EventData,
        chat_id: str,
        search: str | None,
        clock: str | None,
        request: gr.Request,
    ) -> Updates:
        """Remove a project after the browser has asked; its chats stay."""
        principal = await self._access.principal(request)
        await self._portal.projects.delete(principal, said(event, "id"))
        view = ListView.parse(clock).narrowed()
        return await self._narrowed(principal, chat_id, search, view)

    @told
    async def look_again(
        self, search: str | None, chat_id: str, clock: str | None, request: gr.Request
    ) -> Updates:
        """The list and the open chat's title, which a model may have written meanwhile."""
        principal = await self._access.principal(request)
        return await self._view.rows_and_title(principal, chat_id, search, clock)

    async def _narrowed(
        self, principal: Principal, chat_id: str, search: str | None, view: ListView
    ) -> Updates:
        rows = await self._view.rows(principal, chat_id, search, view.text)
        return rows | {self._parts.clock: view.text} | await self._chip(principal, chat_id, view)

    async def _chip(self, principal: Principal, chat_id: str, view: ListView) -> Updates:
        return {
            self._parts.composer.project: await self._project_chip.below(principal, chat_id, view)
        }

    def _undo(self, change: BulkChange, ids: Sequence[str], clock: str | None) -> Updates:
        """The toast with the way back, an empty one where there is none."""
        back = _WAYS_BACK.get(change.action)
        if back is None:
            return {self._arranging.undo: {"text": ""}}
        words = _DONE[change.action][len(ids) > 1]
        return {
            self._arranging.undo: {
                "text": say(ListView.parse(clock).language, words, count=f"{len(ids):,}"),
                "ids": " ".join(ids),
                "action": back,
                "stamp": new_id("undo"),
            }
        }


def _wanted(event: gr.EventData) -> tuple[BulkChange, list[str]]:
    """The change that the browser asks for. Raises InvalidRequest."""
    action = next((one for one in get_args(BulkAction) if one == said(event, "action")), None)
    if action is None or action == "delete":
        raise InvalidRequest("There is no such change. Reload the page.", param="action")
    project_id = said(event, "project") or None
    tags = _texts(event, "tags")
    return BulkChange(action, project_id=project_id, tags=tags), _texts(event, "ids")


def _texts(event: gr.EventData, name: str) -> list[str]:
    """A list of texts that the browser sent with an event. Raises InvalidRequest."""
    value: Any = getattr(event, name, None)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidRequest(f"The event came without `{name}`. Reload the page.", param=name)
    return value
