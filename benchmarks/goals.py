"""What `benchmarks.pipeline` is to reach: one line a goal, with what was reached in this run."""

from operator import ge, le

MEMCPY = "of memcpy"
BEFORE, SECOND_RUN = "times the build before", "patchviz, second run"


def share(facts):
    return facts["patchviz"]["share"]


def mib(facts):
    return facts["patchviz"]["mib"]


def times(other, own="patchviz"):
    """Count how many times longer the fastest of those takes whose name starts with `other`."""

    def count(facts):
        rivals = [facts[name]["seconds"] for name in facts if name.startswith(other)]
        return min(rivals) / facts[own]["seconds"]

    return count


def passes(facts):
    return facts["patchviz"]["seconds"] / facts["zlib, every file inflated once"]["seconds"]


def seconds(facts):
    return facts["patchviz"]["seconds"]


def microseconds(facts):
    return facts["patchviz"]["seconds"] * 1e6


GOALS = [  # row, what is measured, unit, comparison, number
    ("cut 27 patches of 64³", share, MEMCPY, ge, 0.45),
    ("cut 27 patches of 64³, 4 channels", share, MEMCPY, ge, 0.40),
    ("cut 125 patches of 32³", share, MEMCPY, ge, 0.25),
    ("cut 8 patches of 128³", share, MEMCPY, ge, 0.70),
    ("cut 8 patches of 128³", mib, "MiB extra", le, 2),
    *(
        goal
        for suffix in (".nii", ".nii.gz")
        for goal in (
            (f"later epochs, {suffix}", share, MEMCPY, ge, 0.40),
            (f"later epochs, {suffix}", times("torchio"), "times torchio's Queue", ge, 4),
            (f"later epochs, {suffix}", times("monai"), "times monai's best", ge, 4),
            (f"first epoch, {suffix}", times("before"), BEFORE, ge, 0.95),
            (f"later epochs, {suffix}", times("before"), BEFORE, ge, 0.95),
        )
    ),
    *(
        ("first epoch, .nii.gz", times(other, SECOND_RUN), f"{unit}, second run", ge, number)
        for other, unit, number in (
            ("before", BEFORE, 8),
            ("torchio", "times torchio's Queue", 5),
        )
    ),
    *(
        goal
        for row in ("later epochs, 2 workers, .nii.gz", "later epochs, 4 workers, .nii.gz")
        for goal in (
            (row, times("before"), BEFORE, ge, 10),
            (row, lambda facts: 1 / share(facts), "times arrays that are ready", le, 1.5),
        )
    ),
    ("cut 27 patches of 64³", times("before"), BEFORE, ge, 0.95),
    ("put 27 patches back", times("before"), BEFORE, ge, 0.95),
    ("first epoch, .nii.gz", passes, "passes of zlib", le, 1.3),
    ("queue of 100,000 × 27", lambda facts: 1 / share(facts), "times a permutation", le, 1.3),
    ("queue of 100,000 × 27", mib, "MiB", le, 25),
    ("first patch of 1 of 1,000 ranks, 10⁹ buffered", seconds, "s", le, 1),
    ("first patch of 1 of 1,000 ranks, 10⁹ buffered", mib, "MiB a rank", le, 64),
    ("grid of 2048³ / 32³", microseconds, "µs", le, 10),
    ("put 27 patches back", share, MEMCPY, ge, 0.20),
    ("put 125 overlapping patches back", share, MEMCPY, ge, 0.30),
]


def judge(rows):
    """Yield a line for each goal of these rows: reached or missed, or who wasn't there to tell."""
    for row, measure, unit, compare, goal in GOALS:
        if row not in rows:
            continue
        sign = "≥" if compare is ge else "≤"
        try:
            found = measure(rows[row])
            said = f"{'reached' if compare(found, goal) else 'MISSED'}: {found:.3g}"
        except (KeyError, ValueError):  # a peer that isn't installed, or failed
            said = "not measured:"
        yield f"{row}: {said} {unit} (goal {sign} {goal})"
