"""What is written is read back, page by page, as the port says, on every engine."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from twinshore.store.port import Create, Delete, Due, Increment, Item, Key, Replace, Require

Refusal = Callable[..., tuple[Key, "Item | None"]]

FIELDS = {
    "text": "a\u00e9\u6c49\U0001f60e'\"\\%s",
    "number": 2**63 - 1,
    "negative": -(2**63) + 1,
    "yes": True,
    "nothing": None,
    "list": [1, [], {}, ["x", None]],
    "object": {"pk": 1, "_version": "2", "\u00e9": {"deep": [{"er": 0}]}},
    "empty": "",
    "pk": "taken for a key",
    "sk": 7,
    "_version": "taken for ours",
    "__twice": 1,
    "select": "a word of SQL",
    "size": "a word of DynamoDB",
}


class TestReading:
    def test_an_item_comes_back_as_it_was_written(self, store: Any, key: Key) -> None:
        store.commit(Create(key, FIELDS, Due("polls", 5), 9_999_999_999))
        assert store.get(key) == Item(key, 1, FIELDS, Due("polls", 5), 9_999_999_999)
        assert store.get(key, consistent=False) == store.get(key)

    def test_no_item_is_none(self, store: Any, key: Key) -> None:
        assert store.get(key) is None

    def test_keys_may_be_as_long_as_the_port_says(self, store: Any, fresh: Callable[[str], str]) -> None:
        key = Key((fresh("\U0001f60e") + "\U0001f60e" * 256)[:256], "\U0001f60e" * 256)
        store.commit(Create(key, {"n": 1}, Due("q" * 100, 1)))
        assert store.get(key).key == key
        assert [item.key for item in store.query(key.partition).items] == [key]


class TestQuery:
    # By code point: not as a locale or UTF-16 would sort.
    SORTS = ("A", "B", "a", "a#1", "a#10", "a#2", "b", "\u00e9", "\ud7ff", "\uffee", "\U0001f60e", "\U0010ffff")

    @pytest.fixture
    def partition(self, store: Any, fresh: Callable[[str], str]) -> str:
        partition = fresh("member")
        store.commit(*(Create(Key(partition, sort), {"sort": sort}) for sort in reversed(self.SORTS)))
        store.commit(Create(Key(partition + "0", "a"), {}))
        return partition

    def test_items_of_a_partition_come_in_code_point_order(self, store: Any, partition: str) -> None:
        assert [item.key.sort for item in store.query(partition).items] == list(self.SORTS)
        newest = store.query(partition, newest_first=True).items
        assert [item.key.sort for item in newest] == list(reversed(self.SORTS))

    @pytest.mark.parametrize("prefix", ["a", "a#", "a#1", "\ud7ff", "\U0010ffff", "z", "A"])
    def test_a_prefix_chooses(self, store: Any, partition: str, prefix: str) -> None:
        page = store.query(partition, prefix=prefix)
        assert [item.key.sort for item in page.items] == [sort for sort in self.SORTS if sort.startswith(prefix)]
        assert page.next is None

    @pytest.mark.parametrize("newest_first", [False, True])
    @pytest.mark.parametrize("limit", [1, 5, 6, 11, 12, 1000])
    def test_pages_join_to_the_whole(self, store: Any, partition: str, limit: int, newest_first: bool) -> None:
        got, after = [], None
        while True:
            page = store.query(partition, after=after, limit=limit, newest_first=newest_first)
            got += [item.key.sort for item in page.items]
            after = page.next
            if after is None:
                break
            assert len(page.items) == limit
        assert got == sorted(self.SORTS, reverse=newest_first)

    def test_a_page_that_ends_with_the_last_item_has_no_next(self, store: Any, partition: str) -> None:
        assert store.query(partition, limit=len(self.SORTS)).next is None
        assert store.query(partition, prefix="a#", limit=3).next is None
        assert store.query(partition, prefix="a#", limit=2).next == "a#10"


class TestLargestCommit:
    def test_25_changes_of_every_kind_are_one_commit(self, store: Any, fresh: Callable[[str], str]) -> None:
        partition = fresh("batch")
        keys = [Key(partition, f"{n:02}") for n in range(25)]
        store.commit(*(Create(key, {"n": n}) for n, key in enumerate(keys)))
        store.commit(
            *(Replace(key, {"n": 100}, 1) for key in keys[:6]),
            *(Increment(key, "n", 1) for key in keys[6:12]),
            *(Delete(key, 1) for key in keys[12:18]),
            *(Require(key, 1) for key in keys[18:]),
        )
        numbers = [item.fields["n"] for item in store.query(partition).items]
        assert numbers == [100] * 6 + list(range(7, 13)) + list(range(18, 25))

    def test_large_items_fit(self, store: Any, fresh: Callable[[str], str]) -> None:
        key = Key(fresh("page"), "x")
        text = "\u6c49" * 33_000
        store.commit(Create(key, {"text": text}))
        assert store.get(key).fields == {"text": text}
