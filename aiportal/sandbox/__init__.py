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
from aiportal.sandbox.profiles import BARE, DATA
from aiportal.sandbox.sandbox import Sandbox
from aiportal.sandbox.texts import sound_texts, with_texts
from aiportal.sandbox.tiers import SandboxMode, Tier

__all__ = [
    "BARE",
    "DATA",
    "Artifact",
    "Broker",
    "CallLimits",
    "Failure",
    "Outcome",
    "Profile",
    "Program",
    "Sandbox",
    "SandboxCall",
    "SandboxMode",
    "Tier",
    "sound_texts",
    "with_texts",
]
