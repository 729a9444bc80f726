"""The prompt library: texts to ask with, private or shared with everybody."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from aiportal.api.deps import PortalDep, PrincipalDep
from aiportal.api.requests import PortalRoute
from aiportal.chat import Prompt

__all__ = ["NewPrompt", "PromptBody", "PromptChanges", "PromptDeleted", "PromptList", "router"]

router = APIRouter(prefix="/prompts", tags=["prompts"], route_class=PortalRoute)


class NewPrompt(BaseModel):
    """`command`: what is typed after `/`. `content` may hold `{{variable}}` and
    `{{variable:default}}`, which the chat tab asks for, and `{{date}}`, which it fills in.
    `shared`: with everybody, for administrators."""

    model_config = ConfigDict(extra="forbid")

    command: str
    content: str
    title: str = ""
    shared: bool = False


class PromptChanges(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    command: str | None = None
    title: str | None = None
    content: str | None = None
    shared: bool | None = None


class PromptBody(BaseModel):
    """`mine`: the caller's own, to change and to delete."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    object: Literal["prompt"] = "prompt"
    command: str
    title: str
    content: str
    shared: Annotated[bool, Field(validation_alias="is_shared")]
    mine: Annotated[bool, Field(validation_alias="is_mine")]
    created_at: str
    updated_at: str


class PromptList(BaseModel):
    object: Literal["list"] = "list"
    data: list[PromptBody]
    has_more: bool


class PromptDeleted(BaseModel):
    id: str
    object: Literal["prompt.deleted"] = "prompt.deleted"
    deleted: Literal[True] = True


@router.get("")
async def list_prompts(
    portal: PortalDep,
    principal: PrincipalDep,
    q: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: str | None = None,
) -> PromptList:
    """The caller's own and those that are shared, by command. `q`: in command or title."""
    page = await portal.prompts.list(principal, q=q, limit=limit, after=after)
    return PromptList(data=[_body(prompt) for prompt in page.data], has_more=page.has_more)


@router.post("", status_code=201)
async def create_prompt(body: NewPrompt, portal: PortalDep, principal: PrincipalDep) -> PromptBody:
    """A new one of the caller's own."""
    return _body(
        await portal.prompts.create(
            principal,
            command=body.command,
            content=body.content,
            title=body.title,
            is_shared=body.shared,
        )
    )


@router.get("/{prompt_id}")
async def get_prompt(prompt_id: str, portal: PortalDep, principal: PrincipalDep) -> PromptBody:
    """One of the caller's own, or a shared one."""
    return _body(await portal.prompts.get(principal, prompt_id))


@router.patch("/{prompt_id}")
async def change_prompt(
    prompt_id: str, body: PromptChanges, portal: PortalDep, principal: PrincipalDep
) -> PromptBody:
    """Change its command, title or content, or whether it is shared."""
    return _body(
        await portal.prompts.update(
            principal,
            prompt_id,
            command=body.command,
            title=body.title,
            content=body.content,
            is_shared=body.shared,
        )
    )


@router.delete("/{prompt_id}")
async def delete_prompt(
    prompt_id: str, portal: PortalDep, principal: PrincipalDep
) -> PromptDeleted:
    """Remove it for good."""
    await portal.prompts.delete(principal, prompt_id)
    return PromptDeleted(id=prompt_id)


def _body(prompt: Prompt) -> PromptBody:
    return PromptBody.model_validate(prompt)
