"""Where a portal names the tier in force."""

from tests.integration.calls import client
from tests.running import AppServer


async def test_ready_names_the_tier(app_server: AppServer) -> None:
    async with client(app_server) as caller:
        before = (await caller.get("/health/ready")).json()
        tier = await app_server.portal.sandbox.ready()
        after = (await caller.get("/health/ready")).json()
    assert before["status"] == after["status"] == "ready"
    assert before["sandbox"]["tier"] is None
    assert before["sandbox"]["reasons"]
    assert after["sandbox"] == {"tier": tier.name, "reasons": list(tier.reasons)}
    assert tier.name in {"namespaces", "landlock"}
