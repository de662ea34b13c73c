"""Forms for notebooks: fill in and run a study, write a codebook with its faults beside it."""

from __future__ import annotations

from cxresearch.forms.codebook import CodebookEditor, edit_codebook
from cxresearch.forms.study import StudyForm, study_form

__all__ = ["CodebookEditor", "StudyForm", "edit_codebook", "study_form"]
