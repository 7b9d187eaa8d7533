from __future__ import annotations

from twinshore.ids import ID_LENGTH, new_id

NOW = 1_790_000_000


def test_ids_sort_by_the_second_they_were_made_in() -> None:
    made = [new_id(NOW + second) for second in range(50)]
    assert made == sorted(made)


def test_an_id_is_26_characters_that_nobody_misreads() -> None:
    assert len(new_id(NOW)) == ID_LENGTH == 26
    assert not set("".join(new_id(NOW) for _ in range(100))) & set("ilou")


def test_ids_of_one_second_differ() -> None:
    assert len({new_id(NOW) for _ in range(2_000)}) == 2_000
