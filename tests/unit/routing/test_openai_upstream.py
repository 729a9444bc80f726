from dataclasses import replace

import aiohttp

from aiportal.registry import Timeouts
from aiportal.routing.upstreams.call import UpstreamRequest
from aiportal.routing.upstreams.openai import OpenAiUpstream
from tests.integration.deployments import providers
from tests.unit.routing.models import deployment, model


async def test_a_deployment_that_moves_is_asked_at_its_new_address_with_its_new_key() -> None:
    with providers(2) as (old, new):
        async with aiohttp.ClientSession() as session:
            upstream = OpenAiUpstream(session)
            before = replace(deployment(), api_base=old.url, api_key="old-key")
            after = replace(before, api_base=new.url, api_key="new-key")
            for where in (before, after):
                request = UpstreamRequest(
                    model([where]), where, {"model": "fast"}, False, Timeouts()
                )
                call = await upstream.send(request)
                await call.read()
                await call.close()

    assert len(old.requests) == len(new.requests) == 1
    assert new.last().headers["authorization"] == "Bearer new-key"
