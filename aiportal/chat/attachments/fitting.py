"""Whether a model can take the files of a question, told before it is asked."""

from collections.abc import Sequence
from typing import Final

from aiportal.chat.attached import MAX_SENT_BYTES, AttachedFile
from aiportal.chat.prompt import question_room, text_tokens
from aiportal.chat.turn_plan import TurnPlan
from aiportal.errors import InvalidRequest
from aiportal.registry import Model

__all__ = ["VISION", "cannot_see", "check_room"]

VISION: Final = "vision"
MAX_NAMED: Final = 3


def check_room(plan: TurnPlan, files: Sequence[AttachedFile], question: str) -> None:
    """Raises InvalidRequest where question and files are estimated to be too long for the model, or
    are too much for any."""
    if sum(file.sent_bytes for file in files) > MAX_SENT_BYTES:
        raise InvalidRequest(
            f"The files are more than the {MAX_SENT_BYTES // 1_000_000} MB that can be sent with one "
            "question. Attach less.",
            param="attachments",
            code="attachments_too_large",
        )
    room = question_room(plan.context_window, plan.parameters, plan.system_prompt)
    tokens = text_tokens(question) + sum(file.tokens for file in files)
    if room is None or tokens <= room:
        return
    longest = max(files, key=lambda file: file.tokens)
    raise InvalidRequest(
        f"The question with its files is about {tokens:,} tokens long; {plan.started.model!r} has "
        f"room for {max(room, 0):,}. The longest is {longest.name[:80]!r} with {longest.tokens:,}. "
        "Attach less, or choose a model with a larger context.",
        param="attachments",
        code="context_length_exceeded",
    )


def cannot_see(model_id: str, usable: Sequence[Model]) -> InvalidRequest:
    """The error for images to a model without eyes. usable: all that the caller may use."""
    seeing = [one.id for one in usable if VISION in one.capabilities and "chat" in one.capabilities]
    if seeing:
        names = ", ".join(f"`{one}`" for one in seeing[:MAX_NAMED])
        do = f"Choose one that can, such as {names}, or remove the image."
    else:
        do = (
            "None that you may use here can: an administrator adds one, a provider's key, or `vision` "
            "to the `capabilities` of a model that can. Remove the image, or describe it in words."
        )
    return InvalidRequest(
        f"The model {model_id!r} cannot see images. {do}",
        param="attachments",
        code="model_cannot_see",
    )
