"""A search of the web before an answer, its sources, and where the answer cites them."""

from aiportal.chat.web.citations import Marker, annotations_of, markers
from aiportal.chat.web.findings import Findings

__all__ = ["Findings", "Marker", "annotations_of", "markers"]
