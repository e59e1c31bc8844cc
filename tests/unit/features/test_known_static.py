"""What a model reads of meters, from what the store holds of them."""

from metrify.features.known_static import static_of_rows


def test_what_is_not_at_hand_is_told_and_what_is_empty_is_not() -> None:
    records = [{"tariff": "ToU", "rooms": "3", "other": "x"}, {"tariff": "", "rooms": ""}, {"rooms": "2"}, None]
    values, faults = static_of_rows(records, ("tariff", "rooms"))
    assert {column: texts.tolist() for column, texts in values.items()} == {
        "tariff": ["ToU", "", "", ""],
        "rooms": ["3", "", "2", ""],
    }
    assert faults == [
        "",
        "",
        "no tariff of the meter is at hand",
        "no tariff and no rooms of the meter is at hand",
    ]


def test_a_model_that_reads_nothing_lacks_nothing() -> None:
    assert static_of_rows([None, {"tariff": "ToU"}], ()) == ({}, ["", ""])
    assert static_of_rows([], ()) == ({}, [])
