"""The cache of what was computed before: made once, and the longest unused forgotten first."""

import threading

import pytest

from query.encode.cache import ContentCache


def test_what_was_made_is_not_made_again() -> None:
    made: list[str] = []
    cache = ContentCache[str](4)
    for _ in range(3):
        assert cache.get_or_compute(b"a", lambda: made.append("a") or "A") == "A"
    assert made == ["a"]
    assert b"a" in cache
    assert b"b" not in cache


def test_the_longest_unused_is_forgotten_first() -> None:
    cache = ContentCache[int](2)
    for place, content in enumerate((b"a", b"b", b"a", b"c")):
        cache.get_or_compute(content, lambda place=place: place)
    assert [content in cache for content in (b"a", b"b", b"c")] == [True, False, True]
    assert cache.get_or_compute(b"a", lambda: 9) == 0


def test_a_failure_is_not_remembered() -> None:
    cache = ContentCache[int](2)

    def broken() -> int:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        cache.get_or_compute(b"a", broken)
    assert b"a" not in cache
    assert cache.get_or_compute(b"a", lambda: 1) == 1


def test_threads_share_it() -> None:
    cache = ContentCache[int](50)
    wrong: list[int] = []

    def ask() -> None:
        for n in range(400):
            number = n % 60
            found = cache.get_or_compute(str(number).encode(), lambda number=number: number)
            if found != number:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sum(str(n).encode() in cache for n in range(60)) == 50
