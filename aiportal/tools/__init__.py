"""Tools: Python programs that people, models and programs call, each in a sandbox."""

from aiportal.tools.administration import ToolChange
from aiportal.tools.approvals import Approval
from aiportal.tools.arguments import MAX_FILE_BYTES, MAX_FILES
from aiportal.tools.assembly import open_tools
from aiportal.tools.authoring import ToolSource
from aiportal.tools.outcome import OfferedTool, ToolOutcome
from aiportal.tools.playground import Playground
from aiportal.tools.registry import ToolRegistry
from aiportal.tools.run_record import RunArtifact, RunFile, RunStatus, ToolRun
from aiportal.tools.runs import ToolRuns, open_tool_runs
from aiportal.tools.servers.state import ServerLife, ServerStatus, ServerTrial
from aiportal.tools.templates import TEMPLATES, ToolTemplate
from aiportal.tools.tool import Tool, ToolStatus
from aiportal.tools.tools import Tools

__all__ = [
    "MAX_FILES",
    "MAX_FILE_BYTES",
    "TEMPLATES",
    "Approval",
    "OfferedTool",
    "Playground",
    "RunArtifact",
    "RunFile",
    "RunStatus",
    "ServerLife",
    "ServerStatus",
    "ServerTrial",
    "Tool",
    "ToolChange",
    "ToolOutcome",
    "ToolRegistry",
    "ToolRun",
    "ToolRuns",
    "ToolSource",
    "ToolStatus",
    "ToolTemplate",
    "Tools",
    "open_tool_runs",
    "open_tools",
]
