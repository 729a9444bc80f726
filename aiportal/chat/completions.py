"""One model call on behalf of a caller: resolve, fill in, ask. Every door's answers begin here."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from itertools import chain
from types import TracebackType

from aiportal.chat.answer import Answer, Recorded, Replayed
from aiportal.chat.answer_cache import AnswerCache, CacheKey, Caching, caching_of
from aiportal.chat.prompted_dialogue import PromptedDialogue
from aiportal.chat.tool_box import ToolBox, tools_for, wish_of
from aiportal.chat.tool_dialogue import NativeDialogue
from aiportal.chat.tool_loop import ToolLoop
from aiportal.chat.tool_messages import result_chars
from aiportal.chat.tool_runner import ToolRunner
from aiportal.chat.upstream_body import upstream_body
from aiportal.chat.web.frame import source_chars
from aiportal.chat.web.searched_answer import SearchedAnswer
from aiportal.chat.web.searcher import Searcher
from aiportal.dialects.openai_chat import ChatRequest
from aiportal.dialects.operations import ModelRequest
from aiportal.dialects.portal_tools import PortalTools
from aiportal.dialects.web_search import WebSearchWish
from aiportal.errors import (
    ModelNotFound,
    ModelUnavailable,
    PermissionDenied,
    ServiceUnavailable,
    ToolUnavailable,
)
from aiportal.ids import new_id
from aiportal.principal import Principal
from aiportal.registry import Model, Registry
from aiportal.routing import Completion, ModelCall, Router
from aiportal.usage import Door, Entry

__all__ = ["Completions"]

_log = logging.getLogger(__name__)


class Completions:
    """Keeps nothing between calls but what its cache holds."""

    def __init__(
        self,
        registry: Registry,
        router: Router,
        cache: AnswerCache,
        tools: ToolBox | None = None,
        searcher: Searcher | None = None,
    ) -> None:
        self._registry = registry
        self._router = router
        self._cache = cache
        self._tools = tools
        self._searcher = searcher

    def open(
        self,
        principal: Principal,
        request: ModelRequest,
        *,
        source: Door,
        endpoint: str,
        request_id: str | None = None,
    ) -> AbstractAsyncContextManager[Completion]:
        """Ask the model; entered once an answer has begun, cancelled if left before the end.

        Here or when it is entered raises ModelNotFound, ModelUnavailable, PermissionDenied, UpstreamError.
        """
        model = self._registry.resolve(principal, request.model)
        call = self._call(principal, model, request, source, endpoint, request_id)
        return _Opening(self._router, call)

    def answer(
        self,
        principal: Principal,
        request: ModelRequest,
        *,
        source: Door,
        endpoint: str,
        request_id: str | None = None,
        cache: str | None = None,
    ) -> AbstractAsyncContextManager[Answer]:
        """As `open`, for a door that hands the answer on, and with a kept one if there is one.

        cache: the call's wish (see `caching_of`), None to leave it to the model. An answer from the
        cache costs nothing and has no row. Where the portal's tools are wanted it is a `ToolLoop`, or a
        `SearchedAnswer` where the web is to be searched, and the cache is not asked. Raises also
        InvalidRequest, for a wish that is none, and ToolNotFound.
        """
        model = self._registry.resolve(principal, request.model)
        if isinstance(request, ChatRequest) and _is_helped(model, request):
            helped = self._helped(principal, model, request, source, endpoint, request_id)
            if helped is not None:
                return helped
        call = self._call(principal, model, request, source, endpoint, request_id)
        caching = caching_of(model, cache)
        if caching is None:
            return _Opening(self._router, call)
        return self._cached(call, CacheKey.of(principal, model, request), caching)

    def follow(
        self,
        principal: Principal,
        request: ChatRequest,
        *,
        source: Door,
        endpoint: str,
        request_id: str | None = None,
    ) -> AbstractAsyncContextManager[Completion | ToolLoop | SearchedAnswer]:
        """As `open`, for a door that renders `deltas`, with the portal's tools and a search of the web
        where they are wanted.

        Raises also InvalidRequest and ToolNotFound.
        """
        model = self._registry.resolve(principal, request.model)
        if _is_helped(model, request):
            helped = self._helped(
                principal, model, request, source, endpoint, request_id, is_followed=True
            )
            if helped is not None:
                return helped
        call = self._call(principal, model, request, source, endpoint, request_id)
        return _Opening(self._router, call)

    def check_tools(self, principal: Principal, request_model: str, tools: PortalTools) -> None:
        """Whether these can be had with that model. Raises ToolNotFound, ToolUnavailable."""
        model = self._registry.resolve(principal, request_model)
        if tools.is_enabled and not tools.is_lasting:
            tools_for(self._box(), principal, model, tools, is_asked=True)

    def is_spoken(self, principal: Principal, model_id: str, dialect: str) -> bool:
        """Whether all that may answer a call speak a dialect: the model, and what may stand in for it.

        Raises ModelNotFound, ModelUnavailable, PermissionDenied.
        """
        model = self._registry.resolve(principal, model_id)
        return all(
            deployment.dialect == dialect
            for one in chain((model,), self._fallbacks(principal, model))
            for deployment in one.deployments
        )

    @asynccontextmanager
    async def _cached(
        self, call: ModelCall, key: CacheKey, caching: Caching
    ) -> AsyncIterator[Answer]:
        if kept := self._cache.take(key, caching):
            yield Replayed(*kept, is_stream=call.request.is_stream)
            return
        async with await self._router.complete(call) as completion:
            yield Recorded(completion, call.model.id, partial(self._cache.keep, key, caching))

    def _helped(
        self,
        principal: Principal,
        model: Model,
        request: ChatRequest,
        source: Door,
        endpoint: str,
        request_id: str | None,
        *,
        is_followed: bool = False,
    ) -> ToolLoop | SearchedAnswer | None:
        """None where the request wants neither tools of the portal's nor a search."""
        wish = request.web_search or WebSearchWish(is_wanted=model.web_search)
        if not wish.is_wanted:
            return self._loop(principal, model, request, source, endpoint, request_id)
        if self._searcher is None:
            raise ServiceUnavailable(
                "This portal cannot search the web. Ask without `web_search`, or choose a model that "
                "does not search by itself."
            )
        max_chars = source_chars(model.context_window)
        gather = partial(
            self._searcher.gather,
            principal,
            wish,
            request.body["messages"],
            source=source,
            max_chars=max_chars,
        )

        def open_answer(asked: ChatRequest) -> ToolLoop | _Opening:
            loop = self._loop(principal, model, asked, source, endpoint, request_id)
            if loop is not None:
                return loop
            call = self._call(principal, model, asked, source, endpoint, request_id)
            return _Opening(self._router, call)

        return SearchedAnswer(
            gather, request, open_answer, max_chars=max_chars, is_followed=is_followed
        )

    def _loop(
        self,
        principal: Principal,
        model: Model,
        request: ChatRequest,
        source: Door,
        endpoint: str,
        request_id: str | None,
    ) -> ToolLoop | None:
        """None where the request wants none of the portal's tools, or a custom model's are gone."""
        wish = wish_of(model, request)
        if wish is None:
            return None
        asked = request.portal_tools
        is_asked = asked is not None and not asked.is_lasting
        # A model that knows no functions never calls of itself, and answers worse for being told.
        if not is_asked and (self._tools is None or not model.calls_functions):
            return None
        tools = tools_for(self._box(), principal, model, wish, is_asked=is_asked)
        if not tools and not is_asked:
            return None
        kind = NativeDialogue if model.calls_functions else PromptedDialogue
        dialogue = kind(request, tools, max_chars=result_chars(model.context_window))
        run_id = request_id or new_id("req")

        def ask(asked: ChatRequest, is_first: bool) -> _Opening:
            own_id = run_id if is_first else new_id("req")
            call = self._call(principal, model, asked, source, endpoint, own_id, run_id=run_id)
            return _Opening(self._router, call)

        runner = ToolRunner(
            self._box(),
            principal,
            tools,
            source=source,
            model_id=model.id,
            can_wait=request.is_stream,
        )
        return ToolLoop(ask, request, dialogue, runner)

    def _box(self) -> ToolBox:
        if self._tools is None:
            raise ToolUnavailable("This portal has no tools. Ask without `tools`.")
        return self._tools

    def _call(
        self,
        principal: Principal,
        model: Model,
        request: ModelRequest,
        source: Door,
        endpoint: str,
        request_id: str | None,
        *,
        run_id: str | None = None,
    ) -> ModelCall:
        return ModelCall(
            Entry(
                request_id=request_id or new_id("req"),
                user_id=principal.user_id,
                key_id=principal.key_id,
                endpoint=endpoint,
                source=source,
                run_id=run_id,
            ),
            request,
            model,
            fallbacks=partial(self._fallbacks, principal, model),
            body=partial(upstream_body, model, request),
        )

    def _fallbacks(self, principal: Principal, model: Model) -> Iterator[Model]:
        """The model's fallbacks that this caller may use and that can serve."""
        for model_id in model.fallbacks:
            try:
                yield self._registry.resolve(principal, model_id)
            except (ModelNotFound, PermissionDenied, ModelUnavailable) as error:
                _log.debug("%s cannot stand in for %s: %s", model_id, model.id, error.message)


def _is_helped(model: Model, request: ChatRequest) -> bool:
    """Whether there is more to look at than a plain call needs."""
    return bool(request.portal_tools or request.web_search or model.tools or model.web_search)


class _Opening(AbstractAsyncContextManager[Completion]):
    """A call that is made when this is entered. A class: a generator would cost every call more."""

    def __init__(self, router: Router, call: ModelCall) -> None:
        self._router = router
        self._call = call
        self._completion: Completion

    async def __aenter__(self) -> Completion:
        self._completion = await self._router.complete(self._call)
        return self._completion

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._completion.__aexit__(kind, error, traceback)
