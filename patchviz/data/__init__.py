"""What is read and kept: subjects with their images and labels, from arrays, files and phantoms."""

from patchviz.data.cohort import Cohort
from patchviz.data.facts import CohortFacts
from patchviz.data.phantom import make_phantom, write_phantom_cohort
from patchviz.data.subject import Subject

__all__ = [
    "Cohort",
    "CohortFacts",
    "Subject",
    "make_phantom",
    "write_phantom_cohort",
]
