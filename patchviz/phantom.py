"""Owns the phantom: a deterministic, synthetic T1-like head with labelled lesions."""

from __future__ import annotations

import numpy as np


def _ramp(x, edge, width):
    return np.clip((x - edge) / width + 0.5, 0, 1)


# centre, radii, intensity: mirrored
STRUCTURES = (
    # eyes
    ((0.36, 0.74, -0.30), (0.21, 0.19, 0.17), 800),
    ((0.36, 0.77, -0.30), (0.135, 0.135, 0.135), 170),
    ((0.36, 0.90, -0.30), (0.06, 0.03, 0.06), 330),
    # nose, sinuses
    ((0.10, 0.72, -0.52), (0.08, 0.16, 0.17), 60),
    ((0.34, 0.62, -0.60), (0.16, 0.16, 0.13), 50),
    ((0.0, 0.30, -0.62), (0.10, 0.12, 0.14), 60),
    # deep grey
    ((0.29, 0.07, -0.03), (0.085, 0.21, 0.11), 610),
    ((0.115, -0.10, 0.0), (0.10, 0.16, 0.10), 620),
    ((0.15, 0.26, 0.03), (0.055, 0.10, 0.11), 590),
    ((0.17, 0.08, 0.14), (0.035, 0.16, 0.04), 590),
    # third ventricle
    ((0.0, -0.02, -0.06), (0.022, 0.15, 0.12), 170),
    ((0.0, -0.30, -0.42), (0.045, 0.045, 0.09), 170),
)


def _ventricle(t):
    """C-shape: frontal horn -> body -> atrium -> temporal horn"""
    a = np.pi * (0.02 + 1.18 * t)
    y = -0.06 + 0.37 * np.cos(a)
    z = -0.06 + 0.19 * np.sin(a)
    x = 0.075 + 0.26 * t**2.2
    r = 0.035 + 0.045 * np.sin(np.pi * min(1, t * 0.95 + 0.12)) ** 1.0
    return (x, y, z), (r * 0.75, r * 1.3, r)


def make_phantom(shape=(144, 144, 144), seed=0):
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, 6).astype("f4")
    i, j, k = (
        ((np.arange(n, dtype="f4") - (n - 1) / 2) / (n * h)).reshape([-1 if a == b else 1 for b in range(3)])
        for a, (n, h) in enumerate(zip(shape, (0.37, 0.42, 0.41)))
    )
    image = np.empty(shape, "f4")
    soft = np.float32(1.3 / (0.4 * np.median(shape)))
    for s in range(0, shape[0], 4):
        image[s : s + 4] = _head(i[s : s + 4], j, k, phase, soft)
    axes = [i.ravel(), j.ravel(), k.ravel()]
    for t in np.linspace(0, 1, 20):
        c, r = _ventricle(t)
        for sgn in (1, -1):
            ellipsoid(image, axes, (sgn * c[0], c[1], c[2]), r, 165, soft)
    for t in np.linspace(0, 1, 8):
        for sgn in (1, -1):
            ellipsoid(image, axes, (sgn * (0.13+.06*t), -0.38 - 0.22*t, 0.0-.02*t), (.035-.015*t, .05, .04-.015*t), 165, soft)
    for c, r, v in STRUCTURES:
        for sgn in (1, -1) if c[0] else (1,):
            ellipsoid(image, axes, (sgn * c[0], c[1], c[2]), r, v, soft)
    n1 = rng.standard_normal(shape, dtype="f4")
    n2 = rng.standard_normal(shape, dtype="f4")
    image += 14 * n1
    n2 *= 14
    image *= image
    n2 *= n2
    image += n2
    np.sqrt(image, out=image)
    return image, np.zeros(shape, np.uint8)


def ellipsoid(image, axes, centre, radii, value, soft):
    box = tuple(
        slice(*np.searchsorted(a, (c - r - soft, c + r + soft))) for a, c, r in zip(axes, centre, radii)
    )
    x, y, z = np.ix_(*((a[b] - c) / r for a, b, c, r in zip(axes, box, centre, radii)))
    m = _ramp((1 - np.sqrt(x * x + y * y + z * z)) * min(radii), 0, soft)
    image[box] += (value - image[box]) * m


def _folds(x, y, z, w, phase):
    a, b, c = w * x + phase[0], w * y + phase[1], w * z + phase[2]
    return np.abs(np.sin(a) * np.cos(b) + np.sin(b) * np.cos(c) + np.sin(c) * np.cos(a)) / w


def _smooth_min(a, b, k):
    h = np.maximum(k - np.abs(a - b), 0)
    return np.minimum(a, b) - h * h / (4 * k)


def _head(x, y, z, phase, soft):
    # outline
    q = np.sqrt(x**2 * (1 + 0.12 * y) ** 2 + y**2 + z**2)
    head = _ramp(1 - q, 0.0, soft)
    mid = x + 0.03 * np.sin(4 * y + phase[0]) * np.cos(3 * z + phase[1])
    ax = np.abs(mid)
    # cavity
    bx, by, bz = x / 0.85, (y + 0.01) / 0.87, (z - 0.0) / 0.88
    r = np.sqrt(bx**2 * (1 + 0.2 * by) ** 2 + by**2 + bz**2)
    outer = (1 - r) * 0.85
    base = -0.18 - 0.30 * _ramp(0.36 - y, 0, 0.4) * _ramp(ax, 0.2, 0.35)
    tent = -0.13 - 0.25 * ax - 0.25 * _ramp(y, -0.12, 0.3)
    cerebrum = _smooth_min(outer, z - base, 0.25)
    fx, fy, fz = x / 0.58, (y + 0.42) / 0.42, (z + 0.36) / 0.36
    fossa = _smooth_min((1 - np.sqrt(fx * fx + fy * fy + fz * fz)) * 0.38, outer, 0.05)
    pons = 0.05 * np.exp(-(((z + 0.40) / 0.11) ** 2))
    stem = 0.10 + pons - np.sqrt(mid**2 + (y + 0.16 - 0.4*pons) ** 2)
    stem = np.minimum(stem, -0.12 - z)
    cavity = -_smooth_min(-np.maximum(cerebrum, fossa), -np.minimum(stem + 0.04, 0.3), 0.1)
    # soft tissue
    image = 950 - 600 * _ramp(1 - q, 0.07, 2 * soft)
    muscle = np.sin(11 * x + 4 * y) * np.sin(9 * z + 2 * x) * np.sin(7 * y + 3 * z)
    image = np.maximum(image , 350 + 400 * _ramp(muscle, 0.25, 0.4) )
    skull = _ramp(cavity, -0.085, soft)
    image = image + (90 - image) * skull
    image = image + np.exp(-(((cavity + 0.055) / 0.014) ** 2)) * 330
    image = image + (170 - image) * _ramp(cavity, -0.01, soft)
    # cerebrum
    d = np.minimum(cerebrum - 0.015, z - tent -.015)
    cy, cz = (y + 0.04) / 0.42, (z + 0.03) / 0.25
    arch = np.sqrt(cy * cy + cz * cz)
    core = np.minimum((1 - arch) * 0.3, 0.22 - ax)
    d = np.minimum(d, np.maximum(ax - 0.009, core))
    hx, hy, hz = (ax - 0.28), y, z+0.05
    n = np.sqrt(hx * hx + hy * hy + hz * hz)
    t = 1 / (0.75*n + 0.2)
    wob = 0.10 * np.sin(9 * y + 4*x+ phase[1]) 
    wob2 = 0.10 * np.sin(10 * z+ 5*x + phase[2])
    ux, uy, uz = hx * t + wob + 0.3 * np.sign(mid), hy * t + wob2 , hz * t +wob
    f1 = _folds(ux, uy, uz, 6.5, phase) *0.75
    f2 = _folds(ux, uy, uz, 13.0, phase[3:]) *0.75
    inner = 3 * np.maximum(0, core + 0.05)
    deep = np.maximum(d, np.minimum(cerebrum-.015, 2*(ax-.009))) + inner
    e = np.minimum(d, f1 + 0.6 * np.maximum(0, deep - 0.20))
    e = np.minimum(e, f2 + 0.6 * np.maximum(0, deep - 0.11))
    corpus = np.minimum(0.03 - np.abs(core - 0.045), z + 0.06)
    e = np.maximum(e, 3 * np.minimum(corpus, 0.3 - ax))
    image = image + (570 - 170) * _ramp(e, 0.008, soft) + 230 * _ramp(e, 0.052, soft)
    # cerebellum
    c = np.minimum(fossa - 0.015, tent - 0.02 - z)
    angle = np.arctan2(z + 0.36, -(y + 0.2))
    n = np.sqrt((z + 0.36) ** 2 + (y + 0.2) ** 2)
    fol = np.abs(np.sin(11 * angle + 4 * ax)) * n / 11
    c = np.minimum(c, fol + 0.5 * np.maximum(0, c - 0.13))
    cb = 400 * _ramp(c, 0.004, soft) + 200 * _ramp(c, 0.045, soft)
    image = image + cb
    image = image + (760 - image) * _ramp(stem, 0, soft)
    return image * head
