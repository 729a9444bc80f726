"""The ledger: what each call used and cost, durable before the answer ends."""

from aiportal.usage.ledger import Door, Entry, GroupBy, Ledger, UsageGroup, UsageRow

__all__ = ["Door", "Entry", "GroupBy", "Ledger", "UsageGroup", "UsageRow"]
