"""Runs programs that nobody trusts: one process a call, without files, network or neighbours."""

from aiportal.sandbox.call import (
    Artifact,
    Broker,
    CallLimits,
    Failure,
    Outcome,
    Profile,
    Program,
    SandboxCall,
)

__all__ = [
    "Artifact",
    "Broker",
    "CallLimits",
    "Failure",
    "Outcome",
    "Profile",
    "Program",
    "SandboxCall",
]
