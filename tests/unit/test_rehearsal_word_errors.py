from server.rehearsal.word_errors import WordErrors, word_errors


def test_case_and_punctuation_are_no_errors() -> None:
    assert word_errors("Well, it's FINE.", "well it’s fine") == WordErrors(0, 3)


def test_a_word_put_in_left_out_or_replaced_is_one_error_each() -> None:
    assert word_errors("we met last week", "we met him last week") == WordErrors(1, 4)
    assert word_errors("we met last week", "we met week") == WordErrors(1, 4)
    assert word_errors("we met last week", "we met fast week") == WordErrors(1, 4)


def test_nothing_understood_is_as_many_errors_as_words() -> None:
    assert word_errors("we met last week", "") == WordErrors(4, 4)


def test_the_rate_of_nothing_said_tells_whether_something_was_understood() -> None:
    assert word_errors("", "").rate == 0.0
    assert word_errors("", "hello").rate == 1.0


def test_answers_add_up_by_their_words_and_not_by_their_rates() -> None:
    total = word_errors("yes", "no") + word_errors("we met last week", "we met last week")

    assert total == WordErrors(1, 5)
    assert total.rate == 0.2
