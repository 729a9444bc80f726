"""Tools: Python programs that people, models, programs and other agents may call."""

from aiportal.tools.outcome import OfferedTool, ToolOutcome

__all__ = ["OfferedTool", "ToolOutcome"]
