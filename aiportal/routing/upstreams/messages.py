"""Providers that speak Anthropic's dialect, asked in it; in any other they are asked by translation."""

from collections.abc import Mapping

from cachetools import LRUCache
from yarl import URL

from aiportal.dialects.anthropic.headers import BETA, VERSION, beta_names
from aiportal.dialects.operations import COUNT_TOKENS, MESSAGES, Operation
from aiportal.registry import Deployment
from aiportal.routing.upstreams.call import Upstream, UpstreamCall, UpstreamRequest
from aiportal.routing.upstreams.http_pool import Address
from aiportal.routing.upstreams.openai import OpenAiUpstream, address_of
from aiportal.routing.upstreams.provider_arguments import API_BASES

__all__ = ["MessagesUpstream", "messages_url"]

PATH = "/v1/messages"
KNOWN_VERSION = "2023-06-01"
MAX_ADDRESSES = 512
_BELOW: Mapping[Operation, str] = {MESSAGES: "", COUNT_TOKENS: "/count_tokens"}
# A key of a subscription, which goes in another header and is taken only with this beta.
_OAUTH_PREFIX, _OAUTH_BETA = "sk-ant-oat", "oauth-2025-04-20"


def messages_url(deployment: Deployment) -> str:
    """Where a deployment takes messages."""
    base = (deployment.api_base or API_BASES["anthropic"]).rstrip("/")
    return base if base.endswith(PATH) else base + PATH


class MessagesUpstream:
    """Posts a message as it is and hands the answer on as bytes. translated: for everything else."""

    def __init__(self, relay: OpenAiUpstream, translated: Upstream) -> None:
        self._relay = relay
        self._translated = translated
        # By deployment, operation and the caller's headers; another deployment of the id replaces it.
        self._addresses: LRUCache[tuple[object, ...], tuple[Deployment, Address]] = LRUCache(
            MAX_ADDRESSES
        )

    async def send(self, request: UpstreamRequest) -> UpstreamCall:
        """Raises UpstreamError for what the upstream refuses or where it cannot be reached,
        ModelUnavailable."""
        if request.operation not in _BELOW:
            return await self._translated.send(request)
        confidential = request.deployment.confidential
        return await self._relay.post_at(self._address(request), request, confidential=confidential)

    def _address(self, request: UpstreamRequest) -> Address:
        deployment = request.deployment
        key = (deployment.id, request.operation, *sorted(request.headers.items()))
        known = self._addresses.get(key)
        if known is not None and known[0] is deployment:
            return known[1]
        url = URL(messages_url(deployment) + _BELOW[request.operation], encoded=True)
        address = address_of(url, _headers(deployment, request.headers))
        self._addresses[key] = (deployment, address)
        return address


def _headers(deployment: Deployment, callers: Mapping[str, str]) -> Mapping[str, str]:
    """The config's and the caller's, the portal's own where neither has one, and the key."""
    of_config = {name.lower(): text for name, text in deployment.headers.items()}
    headers = {"accept-encoding": "identity", VERSION: KNOWN_VERSION, **of_config, **callers}
    betas = [of_config.get(BETA, ""), callers.get(BETA, "")]
    key = deployment.api_key
    if key is not None and key.startswith(_OAUTH_PREFIX):
        headers["authorization"] = f"Bearer {key}"
        betas.append(_OAUTH_BETA)
    elif key is not None:
        headers["x-api-key"] = key
    if names := ",".join(beta_names(*betas)):
        headers[BETA] = names
    return headers
