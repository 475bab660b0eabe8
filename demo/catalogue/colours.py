"""The twelve colours of the demo catalogue: their names, their paint, and which one a pixel is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RGB = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Colour:
    """One named colour and the paint that draws it (sRGB, 0 to 255)."""

    key: str
    zh: str
    rgb: RGB
    partners: tuple[str, ...]


COLOURS: dict[str, Colour] = {
    c.key: c
    for c in (
        Colour("red", "红色", (200, 34, 44), ("white", "navy", "black")),
        Colour("orange", "橙色", (238, 126, 34), ("white", "navy", "brown")),
        Colour("yellow", "黄色", (246, 206, 62), ("white", "grey", "black")),
        Colour("green", "绿色", (46, 136, 78), ("white", "yellow", "navy")),
        Colour("blue", "蓝色", (56, 120, 214), ("white", "yellow", "navy")),
        Colour("navy", "藏青色", (30, 44, 94), ("white", "red", "yellow")),
        Colour("purple", "紫色", (122, 66, 162), ("white", "pink", "yellow")),
        Colour("pink", "粉色", (243, 152, 182), ("white", "grey", "red")),
        Colour("brown", "棕色", (124, 79, 50), ("white", "yellow", "orange")),
        Colour("black", "黑色", (36, 36, 40), ("white", "grey", "red")),
        Colour("white", "白色", (243, 242, 239), ("grey", "navy", "red")),
        Colour("grey", "灰色", (143, 146, 152), ("white", "black", "pink")),
    )
}


def lab(rgb: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """SRGB colours as CIE L*a*b* under D65.

    Args:
        rgb: Shape (..., 3), 0 to 255.

    Returns:
        float64, the same shape; L* 0 to 100.

    Source: IEC 61966-2-1 (sRGB) and CIE 15:2004.
    """
    v = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def nearest(rgb: npt.ArrayLike) -> str:
    """The key of the colour nearest to one sRGB triple (0 to 255), by distance in L*a*b*."""
    keys = list(COLOURS)
    distance = np.linalg.norm(lab([COLOURS[k].rgb for k in keys]) - lab(rgb), axis=-1)
    return keys[int(distance.argmin())]


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """The paint between two paints: ``share`` of 0 is the first, of 1 the second."""
    x, y, z = (round(p + (q - p) * share) for p, q in zip(a, b, strict=True))
    return x, y, z
