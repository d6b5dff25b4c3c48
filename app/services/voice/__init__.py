"""Reading aloud with the voices of this computer, and only with those that keep the text here."""

from app.services.voice.service import Voice

__all__ = ["Voice"]
