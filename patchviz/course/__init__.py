"""The course: its questions, its notebooks on disk, and the web site made of them."""

from patchviz.course.questions import ask, check

__all__ = ["ask", "check"]
