"""The ledger: what each call used and cost, durable before the answer ends."""

from aiportal.usage.ledger import Door, Entry, Ledger, UsageGroup, UsageRow

__all__ = ["Door", "Entry", "Ledger", "UsageGroup", "UsageRow"]
