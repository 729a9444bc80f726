"""Whether a model can take the files of a question and of its project, told before it is asked."""

from collections.abc import Sequence
from typing import Final

from aiportal.chat.attached import MAX_SENT_BYTES, AttachedFile
from aiportal.chat.prompt import question_room, text_tokens
from aiportal.chat.turn_plan import TurnPlan
from aiportal.errors import InvalidRequest
from aiportal.registry import Model

__all__ = ["VISION", "cannot_see", "check_room", "first_image"]

VISION: Final = "vision"
MAX_NAMED: Final = 3


def check_room(plan: TurnPlan, files: Sequence[AttachedFile], question: str) -> None:
    """Raises InvalidRequest where question and files are estimated to be too long for the model, or
    are too much for any. files: of the question; those of the project count with them."""
    together = [*plan.project_files, *files]
    if not together:
        return
    less = "Remove some from the project, or attach less." if plan.project_files else "Attach less."
    if sum(file.sent_bytes for file in together) > MAX_SENT_BYTES:
        raise InvalidRequest(
            f"The files are more than the {MAX_SENT_BYTES // 1_000_000} MB that can be sent with one "
            f"question. {less}",
            param="attachments",
            code="attachments_too_large",
        )
    room = question_room(plan.context_window, plan.parameters, plan.system_prompt)
    tokens = text_tokens(question) + sum(file.tokens for file in together)
    if room is None or tokens <= room:
        return
    longest = max(together, key=lambda file: file.tokens)
    of_project = " and those of its project" if plan.project_files else ""
    less = "Remove it from the project" if longest in plan.project_files else "Attach less"
    raise InvalidRequest(
        f"The question with its files{of_project} is about {tokens:,} tokens long; "
        f"{plan.started.model!r} has room for {max(room, 0):,}. The longest is "
        f"{longest.name[:80]!r} with {longest.tokens:,}. {less}, or choose a model with a larger "
        "context.",
        param="attachments",
        code="context_length_exceeded",
    )


def first_image(plan: TurnPlan, files: Sequence[AttachedFile]) -> AttachedFile | None:
    """An image among the files of a question and those of its project, if there is one."""
    together = (*files, *plan.project_files)
    return next((file for file in together if file.kind == "image"), None)


def cannot_see(plan: TurnPlan, image: AttachedFile, usable: Sequence[Model]) -> InvalidRequest:
    """The error for an image to a model without eyes. usable: all that the caller may use."""
    is_projects = image in plan.project_files
    why = f" {image.name[:80]!r} is one, a file of this chat's project." if is_projects else ""
    remove = "remove it from the project" if is_projects else "remove the image"
    seeing = [one.id for one in usable if VISION in one.capabilities and "chat" in one.capabilities]
    if seeing:
        names = ", ".join(f"`{one}`" for one in seeing[:MAX_NAMED])
        do = f"Choose one that can, such as {names}, or {remove}."
    else:
        do = (
            "None that you may use here can: an administrator adds one, a provider's key, or `vision` "
            "to the `capabilities` of a model that can. "
            f"{remove.capitalize()}, or describe it in words."
        )
    return InvalidRequest(
        f"The model {plan.started.model!r} cannot see images.{why} {do}",
        param="attachments",
        code="model_cannot_see",
    )
