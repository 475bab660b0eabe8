"""The memory of what was made before: made once, and the longest unused forgotten first."""

import threading

import pytest

from query.encode.memory import Memory


def test_what_was_made_is_not_made_again() -> None:
    made: list[str] = []
    memory = Memory[str](4)
    for _ in range(3):
        assert memory.of(b"a", lambda: made.append("a") or "A") == "A"
    assert made == ["a"]
    assert b"a" in memory
    assert b"b" not in memory


def test_the_longest_unused_is_forgotten_first() -> None:
    memory = Memory[int](2)
    for place, content in enumerate((b"a", b"b", b"a", b"c")):
        memory.of(content, lambda place=place: place)
    assert [content in memory for content in (b"a", b"b", b"c")] == [True, False, True]
    assert memory.of(b"a", lambda: 9) == 0


def test_a_failure_is_not_remembered() -> None:
    memory = Memory[int](2)

    def broken() -> int:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        memory.of(b"a", broken)
    assert b"a" not in memory
    assert memory.of(b"a", lambda: 1) == 1


def test_threads_share_it() -> None:
    memory = Memory[int](50)
    wrong: list[int] = []

    def ask() -> None:
        for n in range(400):
            number = n % 60
            found = memory.of(str(number).encode(), lambda number=number: number)
            if found != number:
                wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sum(str(n).encode() in memory for n in range(60)) == 50
