"""From what a caller asks of a temporary chat to the call of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from aiportal.chat.completions import Completions
from aiportal.chat.conversation import MAX_MODEL_CHARS
from aiportal.chat.conversations import MAX_SYSTEM_PROMPT_CHARS
from aiportal.chat.messages import Message
from aiportal.chat.parameters import sampling_parameters
from aiportal.chat.prompt import chat_body
from aiportal.chat.temporary.answer import TemporaryAnswer, TemporaryCall
from aiportal.chat.temporary.chat import HeldChat, Settings
from aiportal.chat.text_bounds import check_text
from aiportal.chat.tool_box import tells_calls
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.dialects.portal_tools import PortalTools
from aiportal.errors import InvalidRequest
from aiportal.events import TurnStarted
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.registry import Registry
from aiportal.timestamps import now_text
from aiportal.usage import Door

__all__ = ["TemporaryPlanner"]

MAX_QUESTIONS: Final = 500  # of one chat
MAX_CHARS: Final = 2_000_000  # of one chat, before its last answer


class TemporaryPlanner:
    """Internal to `TemporaryChats`: checks, and changes nothing."""

    def __init__(self, registry: Registry, completions: Completions) -> None:
        self._registry = registry
        self._completions = completions

    def settings(
        self,
        chat: HeldChat,
        *,
        model: str | None,
        system_prompt: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> Settings:
        """The chat's, with what is given over them. Raises InvalidRequest."""
        check_text(model or "", param="model", max_chars=MAX_MODEL_CHARS)
        prompt = chat.settings.system_prompt if system_prompt is None else system_prompt
        check_text(prompt, param="system_prompt", max_chars=MAX_SYSTEM_PROMPT_CHARS)
        chosen = chat.settings.parameters
        if parameters is not None:
            given = sampling_parameters(parameters)
            chosen = {name: value for name, value in given.items() if value is not None}
        model_id = model or chat.settings.model or self._registry.default_model
        return Settings(model_id, prompt, chosen)

    def question(self, chat: HeldChat, content: str) -> Message:
        """A question at the chat's end. Raises InvalidRequest."""
        max_chars = self._registry.limits.max_content_chars
        check_text(content, param="content", min_chars=1, max_chars=max_chars)
        if chat.chars + len(content) > MAX_CHARS or len(chat.exchanges) >= MAX_QUESTIONS:
            raise InvalidRequest(
                f"A temporary chat takes {MAX_QUESTIONS} questions and {MAX_CHARS:,} characters in "
                "all. Keep it to go on, or begin a new one.",
                param="content",
                code="chat_too_long",
            )
        last = chat.exchanges[-1].answer.started if chat.exchanges else None
        return Message(
            id=new_id("msg"),
            conversation_id=chat.id,
            parent_id=last.assistant_message_id if last else None,
            turn_id=None,
            role="user",
            content=content,
            reasoning="",
            model=None,
            status="done",
            finish_reason=None,
            usage=None,
            cost_usd=None,
            error=None,
            created_at=now_text(),
        )

    def answer(
        self,
        principal: Principal,
        settings: Settings,
        branch: Sequence[Message],
        *,
        source: Door,
        request_id: str | None,
        tools: PortalTools | None = None,
    ) -> TemporaryAnswer:
        """To the question that the branch ends with; it is not asked yet.

        Raises InvalidRequest, ModelNotFound, ModelUnavailable, PermissionDenied, ToolNotFound.
        """
        limits = self._registry.limits
        model = self._registry.resolve(principal, settings.model)
        if tools is not None:
            self._completions.check_tools(principal, settings.model, tools)
        body = chat_body(
            branch,
            model_id=settings.model,
            system_prompt=settings.system_prompt,
            parameters=settings.parameters,
            context_window=model.context_window,
            tells_calls=tells_calls(model, tools),
            max_messages=limits.max_messages,
            max_part_chars=limits.max_content_chars,
        )
        request = replace(ChatRequest.parse(body, limits), portal_tools=tools)
        call = TemporaryCall(principal, request, source, request_id)
        question = branch[-1]
        started = TurnStarted(
            turn_id=new_id("turn"),
            conversation_id=question.conversation_id,
            user_message_id=question.id,
            assistant_message_id=new_id("msg"),
            model=settings.model,
        )
        return TemporaryAnswer(started, call, self._completions)
