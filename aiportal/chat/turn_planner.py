"""From what a caller asks for to what a turn is to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiportal.chat.attached import AttachedFile
from aiportal.chat.attachments import Attachments
from aiportal.chat.attachments.fitting import VISION, cannot_see, check_room, first_image
from aiportal.chat.continuation import check_broken_off
from aiportal.chat.conversation import MAX_MODEL_CHARS, Conversation
from aiportal.chat.conversations import Conversations
from aiportal.chat.parameters import sampling_parameters
from aiportal.chat.project_files import ProjectFiles
from aiportal.chat.projects import Project, Projects, model_of, system_prompt_of
from aiportal.chat.text_bounds import check_text
from aiportal.chat.tool_box import tells_calls
from aiportal.chat.turn_plan import StoredTurn, TurnPlan
from aiportal.chat.turn_store import TurnStore
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import InvalidRequest
from aiportal.events import TurnStarted
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.usage import Door

__all__ = ["Call", "TurnPlanner"]


@dataclass(frozen=True, slots=True)
class Call:
    """How a turn is to call the model. See `Turns.start`."""

    model: str | None
    parameters: Mapping[str, Any] | None
    source: Door
    request_id: str | None
    is_once: bool = False
    tools: PortalTools | None = None


class TurnPlanner:
    """Internal to `Turns`: checks, and changes nothing."""

    def __init__(
        self,
        store: TurnStore,
        *,
        registry: Registry,
        conversations: Conversations,
        projects: Projects,
        project_files: ProjectFiles,
        attachments: Attachments,
    ) -> None:
        self._store = store
        self._registry = registry
        self._conversations = conversations
        self._projects = projects
        self._project_files = project_files
        self._attachments = attachments

    async def question(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        content: str | None,
        parent_id: str | None,
        attachments: Sequence[str] = (),
        call: Call,
    ) -> TurnPlan:
        """A new question, or one to answer once more. See `Turns.start`."""
        self._check_content(content, parent_id, has_files=bool(attachments))
        _check_model(call)
        parameters = sampling_parameters(call.parameters or {})
        conversation = await self._conversations.get(principal, conversation_id)
        project = await self._projects.of(principal, conversation)
        model_id = call.model or model_of(conversation, project) or self._registry.default_model
        started = TurnStarted(
            turn_id=new_id("turn"),
            conversation_id=conversation_id,
            user_message_id=(parent_id if content is None else None) or new_id("msg"),
            assistant_message_id=new_id("msg"),
            model=model_id,
        )
        files = await self._attachments.chosen(principal, attachments)
        plan = self._plan(
            principal,
            conversation,
            project,
            started,
            call,
            parameters,
            content=content,
            parent_id=parent_id,
            chosen_model=None if content is None or call.is_once else call.model,
            attachments=files,
            project_files=await self._project_files.of(principal, project),
        )
        await self._check_files(plan)
        return plan

    async def _check_files(self, plan: TurnPlan) -> None:
        """Whether the model can take the files of the project and of the question, also of one to
        answer once more."""
        question, files = plan.content or "", plan.attachments
        if plan.content is None and plan.continued is None:
            asked = await self._store.answer(
                plan.principal,
                plan.started.conversation_id,
                plan.started.user_message_id,
                param="parent_id",
            )
            question, files = asked.message.content, asked.message.attachments
        check_room(plan, files, question)
        image = None if plan.sees else first_image(plan, files)
        if image is not None:
            usable = await self._registry.list(plan.principal)
            raise cannot_see(plan, image, usable)

    async def comparison(
        self,
        principal: Principal,
        conversation_id: str,
        *,
        content: str | None,
        parent_id: str | None,
        models: Sequence[str],
        attachments: Sequence[str],
        call: Call,
    ) -> list[TurnPlan]:
        """One question for several models. See `Comparisons.start`."""
        first = await self.question(
            principal,
            conversation_id,
            content=content,
            parent_id=parent_id,
            attachments=attachments,
            call=replace(call, model=models[0]),
        )
        first = replace(first, chosen_model=None, comparison_id=new_id("cmp"))
        return [first, *[await self._beside(first, model_id) for model_id in models[1:]]]

    async def _beside(self, plan: TurnPlan, model_id: str) -> TurnPlan:
        """The same question for another model."""
        started = replace(
            plan.started,
            turn_id=new_id("turn"),
            assistant_message_id=new_id("msg"),
            model=model_id,
        )
        model = self._registry.resolve(plan.principal, model_id)
        beside = replace(
            plan,
            started=started,
            context_window=model.context_window,
            sees=VISION in model.capabilities,
            tells_calls=tells_calls(model, plan.tools),
        )
        await self._check_files(beside)
        return beside

    async def continuation(
        self, principal: Principal, conversation_id: str, *, answer_id: str, call: Call
    ) -> TurnPlan:
        """An answer to go on with. See `Turns.go_on`."""
        _check_model(call)
        parameters = sampling_parameters(call.parameters or {})
        conversation = await self._conversations.get(principal, conversation_id)
        project = await self._projects.of(principal, conversation)
        continued = await self._store.answer(principal, conversation_id, answer_id)
        message = continued.message
        check_broken_off(message)
        model_id = call.model or message.model or model_of(conversation, project)
        started = TurnStarted(
            turn_id=message.turn_id or new_id("turn"),
            conversation_id=conversation_id,
            user_message_id=message.parent_id or "",
            assistant_message_id=message.id,
            model=model_id or self._registry.default_model,
        )
        plan = self._plan(
            principal,
            conversation,
            project,
            started,
            call,
            parameters,
            continued=continued,
            project_files=await self._project_files.of(principal, project),
        )
        await self._check_files(plan)
        return plan

    def _plan(
        self,
        principal: Principal,
        conversation: Conversation,
        project: Project | None,
        started: TurnStarted,
        call: Call,
        parameters: Mapping[str, Any],
        *,
        content: str | None = None,
        parent_id: str | None = None,
        continued: StoredTurn | None = None,
        chosen_model: str | None = None,
        attachments: tuple[AttachedFile, ...] = (),
        project_files: tuple[AttachedFile, ...] = (),
    ) -> TurnPlan:
        model = self._registry.resolve(principal, started.model)
        merged = {**conversation.parameters, **parameters}
        return TurnPlan(
            principal=principal,
            started=started,
            content=content,
            parent_id=parent_id,
            continued=continued,
            chosen_model=chosen_model,
            system_prompt=system_prompt_of(conversation, project),
            parameters={name: value for name, value in merged.items() if value is not None},
            context_window=model.context_window,
            source=call.source,
            request_id=call.request_id,
            attachments=attachments,
            project_files=project_files,
            sees=VISION in model.capabilities,
            tools=call.tools,
            tells_calls=tells_calls(model, call.tools),
        )

    def _check_content(
        self, content: str | None, parent_id: str | None, *, has_files: bool
    ) -> None:
        if content is not None:
            max_chars, min_chars = self._registry.limits.max_content_chars, 0 if has_files else 1
            check_text(content, param="content", min_chars=min_chars, max_chars=max_chars)
        elif has_files:
            raise InvalidRequest(
                "`attachments` go with a new question. Send `content` with them.",
                param="attachments",
            )
        elif parent_id is None:
            raise InvalidRequest(
                "There is neither `content` nor `parent_id`. Send a question, or the id of the "
                "question to answer once more.",
                param="content",
            )


def _check_model(call: Call) -> None:
    check_text(call.model or "", param="model", max_chars=MAX_MODEL_CHARS)
