"""What the notebooks for students need: exercises that check themselves, published numbers."""

from __future__ import annotations

from cxresearch.course.exercises import Checked, Exercise, Mistake, check, lesson_exercises
from cxresearch.course.published import Reproduction, reproduce_published

__all__ = [
    "Checked",
    "Exercise",
    "Mistake",
    "Reproduction",
    "check",
    "lesson_exercises",
    "reproduce_published",
]
