"""What a reader should check: words the model was unsure of, and subjects that matter.

Pure functions over finished messages; nothing here asks the model anything.
"""

from __future__ import annotations

from app.services.doubt.cautions import SUBJECTS, Caution, caution_for
from app.services.doubt.claims import Claim, claims_in
from app.services.doubt.marks import Mark, marks_of, needs_note

__all__ = [
    "SUBJECTS",
    "Caution",
    "Claim",
    "Mark",
    "caution_for",
    "claims_in",
    "marks_of",
    "needs_note",
]
