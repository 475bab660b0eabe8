"""A grammar of bodies as shops write them: every seed is another one."""

import random
from typing import Any

from augment_shop import COLOURS, KINDS, STUFFS

Body = dict[str, Any]


class Grammar:
    """Draws bodies over the shop's fields; the same seed draws the same one."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def maybe(self, share: float) -> bool:
        return self.rng.random() < share

    def words(self) -> str:
        rng = self.rng
        parts = [rng.choice(COLOURS), rng.choice(STUFFS), rng.choice(KINDS)]
        return " ".join(parts[: rng.randrange(1, 4)])

    def body(self) -> Body:
        rng = self.rng
        found: Body = {"query": self.query(3)} if self.maybe(0.95) else {}
        found["size"] = rng.choice([0, 5, 24, 60, 500])
        if self.maybe(0.3):
            found["from"] = rng.choice([0, 5, 30])
        for share, make in (
            (0.6, self.aggs), (0.3, self.post_filter), (0.35, self.sort), (0.2, self.collapse),
            (0.3, self.shown), (0.15, self.min_score), (0.3, self.counting),
        ):  # fmt: skip
            if self.maybe(share):
                found |= make()
        if not {"sort", "collapse"} & found.keys():
            found |= self.rescore() if self.maybe(0.15) else {}
        # The engine (3.6) fails over completions beside a collapse, and loses hits beside a sort.
        if self.maybe(0.15):
            found |= self.suggest(completion=not {"sort", "collapse"} & found.keys())
        return found

    def query(self, depth: int) -> Body:
        rng = self.rng
        if depth and self.maybe(0.7):
            return self.compound(depth - 1)
        return rng.choice([self.word_clause, self.word_clause, self.filter_clause])()

    def compound(self, depth: int) -> Body:
        rng = self.rng
        kind = rng.choice(["bool"] * 6 + ["function_score", "dis_max", "constant_score", "nested",
                                          "boosting", "script_score"])  # fmt: skip
        if kind == "bool":
            return {"bool": self.bool(depth)}
        if kind == "function_score":
            return {"function_score": self.functions(depth)}
        if kind == "dis_max":
            several = [self.query(depth) for _ in range(rng.randrange(1, 4))]
            return {"dis_max": {"queries": several, "tie_breaker": 0.3}}
        if kind == "constant_score":
            return {"constant_score": {"filter": self.filter_clause(), "boost": 1.5}}
        if kind == "boosting":
            return {"boosting": {"positive": self.query(depth), "negative": self.filter_clause(),
                                 "negative_boost": 0.4}}  # fmt: skip
        if kind == "script_score":
            source = "_score * (1 + doc['stock'].value / 20.0)"
            return {"script_score": {"query": self.query(depth), "script": {"source": source}}}
        return self.nested()

    def bool(self, depth: int) -> Body:
        rng = self.rng
        found: Body = {}
        if self.maybe(0.7):
            found["must"] = self.one_or_more(lambda: self.query(depth))
        if self.maybe(0.6):
            found["filter"] = self.one_or_more(self.filter_clause)
        if self.maybe(0.3):
            found["must_not"] = self.one_or_more(self.filter_clause)
        if self.maybe(0.4):
            found["should"] = [self.query(depth) for _ in range(rng.randrange(1, 4))]
            if self.maybe(0.4):
                found["minimum_should_match"] = rng.choice([0, 1, "50%", "75%", 2])
        if not found:
            found["must"] = [self.word_clause()]
        if self.maybe(0.1):
            found["_name"] = f"bool{rng.randrange(9)}"
        return found

    def one_or_more(self, make: Any) -> Any:
        return make() if self.maybe(0.3) else [make() for _ in range(self.rng.randrange(1, 3))]

    def nested(self) -> Body:
        rng = self.rng
        inner = rng.choice([
            {"term": {"variants.colour": rng.choice(COLOURS)}},
            {"match": {"variants.name": self.words()}},
            {"bool": {"must": [{"match": {"variants.name": self.words()}}],
                      "filter": [{"terms": {"variants.size": ["S", "M"]}}]}},
        ])  # fmt: skip
        found: Body = {"path": "variants", "query": inner,
                       "score_mode": rng.choice(["max", "avg", "none"])}  # fmt: skip
        if self.maybe(0.3):
            found["inner_hits"] = {"name": f"i{rng.randrange(10**9)}", "size": 2}
        return {"nested": found}

    def word_clause(self) -> Body:
        rng, text = self.rng, self.words()
        return rng.choice([
            {"match": {"title": text}},
            {"match": {"title": {"query": text, "operator": "and"}}},
            {"match": {"title": {"query": text, "minimum_should_match": "2<75%", "boost": 2}}},
            {"multi_match": {"query": text, "fields": ["title^3", "description", "brand"]}},
            {"multi_match": {"query": text, "fields": ["title", "description"],
                             "type": "cross_fields", "operator": "and"}},
            {"multi_match": {"query": text}},
            {"match_phrase": {"title": {"query": text, "slop": 1}}},
            {"match_phrase_prefix": {"title": text[:-1]}},
            {"match_bool_prefix": {"title": text[:-1]}},
            {"query_string": {"query": text, "fields": ["title"]}},
            {"query_string": {"query": f"title:{text.split()[0]} AND price:[10 TO 150]"}},
            {"simple_query_string": {"query": f"{text} -oak", "fields": ["title"]}},
            {"combined_fields": {"query": text, "fields": ["description"]}},
            {"match": {"brand": "brand1"}},
            {"match": {"active": True}},
            {"prefix": {"title.raw": text[:2]}},
            {"more_like_this": {"fields": ["title"], "like": text, "min_term_freq": 1,
                                "min_doc_freq": 1}},
            {"match_all": {}},
        ])  # fmt: skip

    def filter_clause(self) -> Body:
        rng = self.rng
        return rng.choice([
            {"term": {"brand": f"brand{rng.randrange(6)}"}},
            {"terms": {"categories": rng.sample(KINDS, 2)}},
            {"range": {"price": {"gte": rng.randrange(50), "lt": 50 + rng.randrange(150)}}},
            {"range": {"created": {"gte": "2025-03-01"}}},
            {"exists": {"field": "rating"}},
            {"term": {"active": {"value": True}}},
            {"range": {"stock": {"gt": 0}}},
            {"bool": {"should": [{"term": {"tags": "new"}}, {"term": {"tags": "sale"}}]}},
            {"bool": {"must_not": [{"term": {"tags": "gift"}}]}},
            {"nested": {"path": "variants",
                        "query": {"term": {"variants.size": rng.choice("SML")}}}},
            {"geo_distance": {"distance": "600km", "place": {"lat": 45, "lon": 5}}},
            {"match": {"title": self.words()}},
            {"ids": {"values": [f"p{n:04d}" for n in rng.sample(range(400), 120)]}},
            {"wildcard": {"brand": "brand*"}},
            {"terms_set": {"tags": {"terms": ["new", "sale"],
                                    "minimum_should_match_script": {"source": "1"}}}},
        ])  # fmt: skip

    def functions(self, depth: int) -> Body:
        rng = self.rng
        functions = [
            {"field_value_factor": {"field": "stock", "modifier": "log1p", "missing": 1}},
            {"filter": {"term": {"tags": "sale"}}, "weight": 2},
            {"gauss": {"created": {"origin": "2025-06-01", "scale": "60d"}}},
            {"random_score": {"seed": 7, "field": "_seq_no"}},
            {"script_score": {"script": {"source": "doc['price'].value * 1000000"}}},
        ]
        found: Body = {"functions": rng.sample(functions, rng.randrange(1, 4))}
        found["boost_mode"] = rng.choice(["multiply", "sum", "replace"])
        if self.maybe(0.8):
            found["query"] = self.query(depth)
        if self.maybe(0.15):
            found["min_score"] = 0.5
        return found

    def aggs(self) -> Body:
        rng = self.rng
        every = {
            "brands": {"terms": {"field": "brand"}},
            "prices": {"histogram": {"field": "price", "interval": 25}},
            "bands": {"range": {"field": "price", "ranges": [{"to": 50}, {"from": 50}]}},
            "cheap": {"filter": {"range": {"price": {"lt": 60}}},
                      "aggs": {"stuff": {"terms": {"field": "categories", "size": 20}}}},
            "variants": {"nested": {"path": "variants"},
                         "aggs": {"colours": {"terms": {"field": "variants.colour"},
                                              "aggs": {"back": {"reverse_nested": {}}}}}},
            "all": {"global": {}, "aggs": {"n": {"value_count": {"field": "brand"}}}},
            "months": {"date_histogram": {"field": "created", "calendar_interval": "month"},
                       "aggs": {"mean": {"avg": {"field": "price"}}}},
            "best_month": {"max_bucket": {"buckets_path": "months>mean"}},
            "stats": {"stats": {"field": "price"}},
            "distinct": {"cardinality": {"field": "brand"}},
            "flags": {"filters": {"filters": {"new": {"term": {"tags": "new"}},
                                              "sale": {"term": {"tags": "sale"}}}}},
            "first": {"terms": {"field": "brand"},
                      "aggs": {"top": {"top_hits": {"size": 1, "sort": [{"price": "asc"}]}}}},
            "best": {"top_hits": {"size": 2, "_source": ["title"]}},
            "sample": {"sampler": {"shard_size": 20},
                       "aggs": {"b": {"terms": {"field": "brand"}}}},
            "pages": {"composite": {"sources": [{"b": {"terms": {"field": "brand"}}}]}},
            "none": {"missing": {"field": "rating"}},
            "rating": {"percentiles": {"field": "rating", "percents": [50]}},
            "matrix": {"adjacency_matrix": {"filters": {"a": {"term": {"active": True}}}}},
        }  # fmt: skip
        drawn = rng.sample(sorted(every), rng.randrange(1, 5))
        if "best_month" in drawn and "months" not in drawn:
            drawn.append("months")
        return {rng.choice(["aggs", "aggregations"]): {name: every[name] for name in drawn}}

    def post_filter(self) -> Body:
        return {"post_filter": self.filter_clause()}

    def sort(self) -> Body:
        rng = self.rng
        return {"sort": rng.choice([
            ["_score"], "_score", [{"_score": "desc"}, {"price": "asc"}],
            [{"price": {"order": "asc"}}, {"_id": "asc"}], ["created", {"group": "desc"}, "_score"],
            [{"_geo_distance": {"place": [5, 45], "order": "asc", "unit": "km"}}],
            [{"variants.price": {"order": "asc", "nested": {"path": "variants"}}}, "group"],
            [{"rating": {"order": "desc", "missing": "_last"}}, "price"],
            [{"_score": "asc"}],
            [{"_script": {"type": "number", "script": "doc['stock'].value"}}, "price"],
        ])}  # fmt: skip

    def collapse(self) -> Body:
        found: Body = {"field": self.rng.choice(["group", "brand"])}
        if self.maybe(0.4):
            found["inner_hits"] = {"name": "others", "size": 2, "sort": [{"price": "asc"}]}
        return {"collapse": found}

    def shown(self) -> Body:
        rng = self.rng
        sections: list[Body] = [
            {"_source": ["title", "variants"]}, {"_source": False}, {"_source": "price"},
            {"_source": {"includes": ["t*", "price"], "excludes": ["tags"]}},
            {"fields": ["title", {"field": "created", "format": "yyyy"}]},
            {"docvalue_fields": ["brand", "price"]},
            {"script_fields": {"twice": {"script": {"source": "doc['price'].value * 2"}}}},
            # Not the plain highlighter: the engine fails over it beside a range of scaled floats.
            {"highlight": {"fields": {"title": {}, "description": {"number_of_fragments": 0}}}},
            {"highlight": {"fields": {"*": {}}, "require_field_match": False}},
            {"version": True, "seq_no_primary_term": True}, {"stored_fields": ["_none_"]},
            {"explain": True},
        ]  # fmt: skip
        found: Body = {}
        for section in rng.sample(sections, rng.randrange(1, 3)):
            found |= section
        if found.get("stored_fields"):
            found = {"stored_fields": ["_none_"]}
        return found

    def min_score(self) -> Body:
        return {"min_score": self.rng.choice([0.2, 1.0, 2.5])}

    def counting(self) -> Body:
        return {"track_total_hits": self.rng.choice([True, 50, False])}

    def suggest(self, *, completion: bool) -> Body:
        asked: Body = {"s": {"text": "drss", "term": {"field": "description"}}}
        if completion:
            asked["c"] = {"prefix": "re", "completion": {"field": "suggest"}}
        return {"suggest": asked}

    def rescore(self) -> Body:
        said: Body = {"rescore_query": {"match_phrase": {"title": self.words()}},
                      "query_weight": 0.7, "rescore_query_weight": 1.2}  # fmt: skip
        if self.maybe(0.2):
            said["score_mode"] = "multiply"
        return {"rescore": {"window_size": 50, "query": said}}
