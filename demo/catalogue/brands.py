"""Invented brands and product lines: none of them is a real trademark."""

BRANDS: tuple[tuple[str, str], ...] = (
    ("维墨拉", "Velmora"),
    ("塔恩维", "Tarnwick"),
    ("露明谷", "Luminvale"),
    ("奥莉禾", "Orlisse"),
    ("凯思洛", "Kestrova"),
    ("布林洛", "Brindlow"),
    ("索凡恩", "Solvane"),
    ("贝碧格", "Pebblique"),
    ("榛雾", "Hazelmist"),
    ("漂屿记", "Driftory"),
    ("芬纳若", "Fennaro"),
    ("羽湾集", "Quillbay"),
    ("玛若纹", "Marrowen"),
    ("泽弗林", "Zephlin"),
)
LINES: tuple[tuple[str, str], ...] = (
    ("晨光", "Dawn"),
    ("山岚", "Ridge"),
    ("海盐", "Sea Salt"),
    ("夏野", "Meadow"),
    ("夜航", "Nightfall"),
    ("拾秋", "Harvest"),
    ("雪松", "Cedar"),
    ("城市", "Metro"),
)
