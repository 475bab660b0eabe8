"""The words of the attribute tags, Chinese and English side by side, one table per attribute."""

Word = tuple[str, str]


def _words(text: str) -> tuple[Word, ...]:
    """Pairs from "zh|en, zh|en"."""
    pairs = (item.strip().split("|") for item in text.split(","))
    return tuple((zh, en) for zh, en in pairs)


AUDIENCES: dict[str, tuple[Word, ...]] = {
    "women": _words("女士|women, 成人|adults"),
    "men": _words("男士|men, 成人|adults"),
    "unisex": _words("男女通用|unisex, 成人|adults"),
}
SEASONS = _words("春季|spring, 夏季|summer, 秋季|autumn, 冬季|winter")
STYLES = _words(
    "简约|minimal, 复古|vintage, 休闲|casual, 通勤|office, 街头|streetwear, 文艺|artsy,"
    " 优雅|elegant,"
    " 运动|sporty, 甜美|sweet, 学院|preppy, 北欧|Nordic, 新中式|modern Chinese"
)
OCCASIONS = _words(
    "日常|everyday, 上班|work, 约会|date, 旅行|travel, 聚会|party, 户外|outdoor, 婚礼|wedding,"
    " 居家|at home,"
    " 校园|campus, 海边|beach, 周末|weekend, 送礼|gifting"
)
ORIGINS = _words(
    "浙江|Zhejiang, 广东|Guangdong, 福建|Fujian, 江苏|Jiangsu, 上海|Shanghai, 江西|Jiangxi,"
    " 山东|Shandong, 四川|Sichuan"
)
SIZES: dict[str, tuple[Word, ...]] = {
    "clothing": _words("加小码|XS, 小码|S, 中码|M, 大码|L, 加大码|XL, 特大码|XXL"),
    "shoes": _words(
        "36码|EU 36, 37码|EU 37, 38码|EU 38, 39码|EU 39, 40码|EU 40, 41码|EU 41, 42码|EU 42"
    ),
    "bags": _words("迷你|mini, 小号|small, 中号|medium, 大号|large"),
    "accessories": _words("均码|one size, 可调节|adjustable"),
    "home": _words("小号|small, 中号|medium, 大号|large"),
}
FEATURES: dict[str, tuple[Word, ...]] = {
    "clothing": _words(
        "透气|breathable, 免烫|easy iron, 弹力|stretch, 抗皱|wrinkle resistant, 速干|quick dry,"
        " 亲肤|skin friendly,"
        " 防晒|sun protective, 不起球|anti pilling, 显瘦|slimming, 吸汗|moisture wicking"
    ),
    "shoes": _words(
        "透气|breathable, 防滑|non slip, 减震|cushioned, 轻便|lightweight, 耐磨|hard wearing,"
        " 防水|waterproof,"
        " 软底|soft sole, 包裹感强|snug fit, 易穿脱|slip on easy, 除味|odour control"
    ),
    "bags": _words(
        "防水|waterproof, 大容量|large capacity, 轻便|lightweight, 耐磨|hard wearing,"
        " 防盗|anti theft, 稳固|sturdy,"
        " 多隔层|many pockets, 减负|weight relieving, 拉链顺滑|smooth zips, 防刮|scratch resistant"
    ),
    "accessories": _words(
        "轻便|lightweight, 耐磨|hard wearing, 亲肤|skin friendly, 易搭配|easy to match,"
        " 不易变形|keeps its shape,"
        " 不褪色|colour fast, 做工细致|fine workmanship, 易打理|easy care"
    ),
    "home": _words(
        "易清洁|easy to clean, 耐用|durable, 手工制作|handmade, 环保|eco friendly,"
        " 做工细致|fine workmanship,"
        " 不褪色|colour fast, 易摆放|easy to place, 省空间|space saving"
    ),
}
CARE: dict[str, tuple[Word, ...]] = {
    "clothing": _words("机洗|machine wash, 冷水洗|cold wash, 平铺晾干|dry flat,"
    " 低温熨烫|low iron, 不可漂白|do not bleach"),
    "shoes": _words("湿布擦拭|wipe with damp cloth, 阴凉晾干|dry in shade,"
    " 避免暴晒|avoid strong sun, 刷洗|brush clean, 防潮存放|store dry"),
    "bags": _words("湿布擦拭|wipe with damp cloth, 避免暴晒|avoid strong sun,"
    " 防潮存放|store dry, 填充存放|store stuffed, 局部清洗|spot clean"),
    "accessories": _words("手洗|hand wash, 局部清洗|spot clean, 防潮存放|store dry,"
    " 避免暴晒|avoid strong sun, 不可漂白|do not bleach"),
    "home": _words("湿布擦拭|wipe with damp cloth, 手洗|hand wash, 轻拿轻放|handle gently,"
    " 避免暴晒|avoid strong sun, 除尘|dust often"),
}  # fmt: skip
MOODS = _words(
    "清新|fresh, 温暖|warm mood, 活力|lively, 安静|calm, 浪漫|romantic, 沉稳|steady,"
    " 俏皮|playful, 大气|graceful"
)
TOUCHES = _words("柔软|soft, 挺括|crisp, 顺滑|smooth, 细腻|fine, 厚实|substantial, 轻薄|light")
LOOKS = _words("哑光|matte, 亮面|glossy, 磨砂|frosted, 自然纹理|natural grain, 细密|fine textured")
GIFTS = _words(
    "生日|birthday, 新年|new year, 情人节|Valentine's day, 母亲节|Mother's day, 毕业|graduation"
)
SHIPPING = _words(
    "两日达|two day delivery, 包邮|free shipping, 次日达|next day, 七天退换|seven day returns,"
    " 可门店自提|store pickup"
)
PACKAGING = _words(
    "礼盒|gift box, 可回收纸盒|recyclable carton, 防尘袋|dust bag, 棉布袋|cotton pouch"
)
WARRANTIES = _words("三个月|three months, 一年|one year, 两年|two years")
YEARS = _words("2025年|2025, 2026年|2026")
WEIGHTS = _words("轻|light, 适中|medium, 较重|heavy")
LEVELS = _words("入门|entry, 经典|classic, 精选|select, 高端|premium")
PAIRINGS = _words(
    "配牛仔裤|with jeans, 配白衬衫|with a white shirt, 配西装|with a suit,"
    " 配针织衫|with knitwear, 配木家具|with wooden furniture,"
    " 配绿植|with plants, 配风衣|with a trench coat, 配帆布鞋|with canvas shoes"
)  # fmt: skip
KEYWORDS = _words(
    "百搭|goes with everything, 新品|new arrival, 热卖|best seller, 人气|popular,"
    " 口碑|well reviewed, 基础款|basics,"
    " 设计感|designer look, 质感|quality feel, 耐看|timeless, 实用|practical, 舒适|comfortable,"
    " 精致|refined,"
    " 限量|limited, 环保|sustainable, 节日|festive, 清爽|neat, 出游|on the go, 高性价比|good value,"
    " 情侣|for couples, 家庭|for families, 学生|for students, 上班族|for office workers,"
    " 摄影|photogenic, 收藏|collectable"
)
