"""Backups, exports, imports and repair: what keeps chats, and lets them come and go."""

from app.services.keeping.service import KeepingService

__all__ = ["KeepingService"]
