"""Outlines: points of the unit square joined by smooth curves, and what is made from them."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Point = tuple[float, ...]
Path = Sequence[Point]
Outline = npt.NDArray[np.float32]


def smooth(points: Path, *, closed: bool = True, steps: int = 8) -> Outline:
    """A curve through the points; a third coordinate of 1 makes a point a corner.

    Args:
        points: (x, y) or (x, y, corner), in the unit square with y downwards.
        closed: Whether the last point is joined to the first.
        steps: Line pieces between two points.

    Returns:
        float32, shape (n, 2).

    Source: cubic Hermite segments with Catmull-Rom tangents, zero at corners.
    """
    p = np.array([q[:2] for q in points], dtype=np.float32)
    bend = np.array([0.0 if len(q) > 2 and q[2] else 0.5 for q in points], dtype=np.float32)
    tangent = (np.roll(p, -1, 0) - np.roll(p, 1, 0)) * bend[:, None]
    if not closed:
        tangent[0] = (p[1] - p[0]) * bend[0]
        tangent[-1] = (p[-1] - p[-2]) * bend[-1]
    q, m = np.roll(p, -1, 0), np.roll(tangent, -1, 0)
    if not closed:
        p, q, tangent, m = p[:-1], q[:-1], tangent[:-1], m[:-1]
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[None, :, None]
    t2, t3 = t * t, t * t * t
    curve = (
        (2 * t3 - 3 * t2 + 1) * p[:, None]
        + (t3 - 2 * t2 + t) * tangent[:, None]
        + (3 * t2 - 2 * t3) * q[:, None]
        + (t3 - t2) * m[:, None]
    ).reshape(-1, 2)
    return curve if closed else np.vstack([curve, q[-1:]])


def mirrored(right: Path) -> list[Point]:
    """A symmetrical outline from its right half, given from the top to the bottom."""
    left = [(1 - q[0], *q[1:]) for q in reversed(right) if abs(q[0] - 0.5) > 1e-6]
    return [*right, *left]


def flipped(points: Path) -> list[Point]:
    """The same points seen in a mirror that stands at x = 0.5."""
    return [(1 - q[0], *q[1:]) for q in points]


def oval(x: float, y: float, rx: float, ry: float, *, turn: float = 0) -> list[Point]:
    """Twelve points of an ellipse about (x, y), turned by ``turn`` degrees clockwise."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    ring = [(rx * math.cos(k * math.pi / 6), ry * math.sin(k * math.pi / 6)) for k in range(12)]
    return [(x + u * c - v * s, y + u * s + v * c) for u, v in ring]


def block(x0: float, y0: float, x1: float, y1: float, *, soft: float = 0.02) -> list[Point]:
    """A rectangle whose corners are rounded off by ``soft``."""
    k = soft
    return [
        (x0 + k, y0, 1), (x1 - k, y0, 1), (x1 - k * 0.3, y0 + k * 0.3), (x1, y0 + k, 1),
        (x1, y1 - k, 1), (x1 - k * 0.3, y1 - k * 0.3), (x1 - k, y1, 1),
        (x0 + k, y1, 1), (x0 + k * 0.3, y1 - k * 0.3), (x0, y1 - k, 1),
        (x0, y0 + k, 1), (x0 + k * 0.3, y0 + k * 0.3),
    ]  # fmt: skip
