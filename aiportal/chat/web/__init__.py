"""A search of the web before an answer, its sources, and where the answer cites them."""

from aiportal.chat.web.citations import MARKER, Marker, annotations_of, cited_numbers, markers
from aiportal.chat.web.findings import Findings

__all__ = ["MARKER", "Findings", "Marker", "annotations_of", "cited_numbers", "markers"]
