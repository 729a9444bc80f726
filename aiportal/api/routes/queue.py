"""Questions that wait for the end of the answer that is being written in their conversation."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.api.routes.conversations import AttachedBody
from aiportal.api.routes.turns import TurnBody
from aiportal.chat import QueuedQuestion

__all__ = [
    "NewQueuedQuestion",
    "QueueList",
    "QueuedQuestionBody",
    "QueuedQuestionDeleted",
    "router",
]

router = APIRouter(
    prefix="/conversations/{conversation_id}/queue", tags=["turns"], route_class=PortalRoute
)


class NewQueuedQuestion(BaseModel):
    """`attachments`: ids of files that go with it, at most 20; `content` may then be empty.

    `model`: else the one that the conversation has now.
    """

    model_config = ConfigDict(extra="forbid")

    content: str
    model: str | None = None
    attachments: Annotated[list[str], Field(max_length=100)] = []


class QueuedQuestionBody(BaseModel):
    """`status`: `waiting`; `failed`, with the reason in `error`; or `started`, in `turn_id`."""

    id: str
    object: Literal["queued_question"] = "queued_question"
    conversation_id: str
    status: Literal["waiting", "failed", "started"]
    content: str
    model: str
    attachments: Sequence[AttachedBody]
    error: str | None
    turn_id: str | None
    created_at: str


class QueueList(BaseModel):
    """The one that is asked next first."""

    object: Literal["list"] = "list"
    data: list[QueuedQuestionBody]


class QueuedQuestionDeleted(BaseModel):
    id: str
    object: Literal["queued_question.deleted"] = "queued_question.deleted"
    deleted: Literal[True] = True


@router.post("", status_code=202)
async def queue_question(
    conversation_id: str, body: NewQueuedQuestion, portal: PortalDep, principal: PrincipalDep
) -> QueuedQuestionBody:
    """Ask when the answers before it have ended; at once where nothing runs and nothing waits."""
    question, started = await portal.queue.add(
        principal,
        conversation_id,
        content=body.content,
        model=body.model,
        attachments=body.attachments,
        source="api",
    )
    return _body(question, turn_id=None if started is None else started.turn_id)


@router.get("")
async def list_queue(conversation_id: str, portal: PortalDep, principal: PrincipalDep) -> QueueList:
    """What waits, 20 questions at most."""
    waiting = await portal.queue.list(principal, conversation_id)
    return QueueList(data=[_body(question) for question in waiting])


@router.post("/send", status_code=202)
async def send_queued(conversation_id: str, portal: PortalDep, principal: PrincipalDep) -> TurnBody:
    """Ask the first one now, after an answer that was stopped or broke off; the others follow it."""
    started = await portal.queue.send(principal, conversation_id)
    return TurnBody(id=started.turn_id, status="running")


@router.delete("/{question_id}")
async def remove_queued(
    conversation_id: str, question_id: str, portal: PortalDep, principal: PrincipalDep
) -> QueuedQuestionDeleted:
    """Take one back; 404 for one that has been asked."""
    await portal.queue.remove(principal, conversation_id, question_id)
    return QueuedQuestionDeleted(id=question_id)


def _body(question: QueuedQuestion, *, turn_id: str | None = None) -> QueuedQuestionBody:
    waiting = "waiting" if question.error is None else "failed"
    return QueuedQuestionBody(
        id=question.id,
        conversation_id=question.conversation_id,
        status=waiting if turn_id is None else "started",
        content=question.content,
        model=question.model,
        attachments=[AttachedBody.model_validate(file) for file in question.attachments],
        error=question.error,
        turn_id=turn_id,
        created_at=question.created_at,
    )
