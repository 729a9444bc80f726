"""Files that people attach to questions: kept, counted, sent to models, swept away."""

from aiportal.chat.attached import AttachedFile, Attachment
from aiportal.chat.attachments.attachments import Attachments, KeptFile
from aiportal.chat.attachments.parts import Loader

__all__ = ["AttachedFile", "Attachment", "Attachments", "KeptFile", "Loader"]
