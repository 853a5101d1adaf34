import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.metrics.epic_kitchens import TASKS, epic_recognition, official_lines
from tubelet.metrics.tables import TableError


def test_an_action_is_the_product_of_verb_and_noun():
    # By hand, probabilities of verbs .6 .4 and nouns .5 .3 .2: the actions' order is 00 (.3), 10 (.2), 01 (.18), ...
    verbs, nouns = np.log([[0.6, 0.4]] * 3), np.log([[0.5, 0.3, 0.2]] * 3)
    none = np.zeros(3, bool)
    figures = epic_recognition(verbs, nouns, np.array([0, 1, 0]), np.array([0, 0, 1]), [1], [1], none)
    assert figures.ranks["action"].tolist() == [0, 1, 2]
    assert [figures.accuracy(task) for task in TASKS] == pytest.approx([2 / 3, 2 / 3, 1 / 3])
    assert figures.accuracy("action", 1, "tail") == 0  # the second segment's verb and the third's noun are rare
    assert np.isnan(figures.accuracy("verb", 1, "unseen"))
    assert official_lines(figures)[2] == "all_action: 33.33 100.00"


@given(st.integers(0, 10_000))
def test_five_verbs_and_nouns_rank_the_best_five_actions_as_all_do(seed):
    generator = np.random.default_rng(seed)
    verb_scores, noun_scores = generator.normal(size=(20, 9)), generator.normal(size=(20, 12))
    verbs, nouns = generator.integers(0, 3, 20), generator.integers(0, 3, 20)
    verb_scores[np.arange(20), verbs] += 1
    noun_scores[np.arange(20), nouns] += 1
    ranks = epic_recognition(verb_scores, noun_scores, verbs, nouns, [], [], np.zeros(20, bool)).ranks["action"]
    every = (verb_scores[:, :, None] + noun_scores[:, None, :]).reshape(20, -1)
    expected = (every > np.take_along_axis(every, (verbs * 12 + nouns)[:, None], axis=1)).sum(axis=1)
    assert np.array_equal(ranks[expected < 5], expected[expected < 5])
    assert (ranks[expected >= 5] >= 5).all()


def test_columns_of_different_length_are_a_sentence():
    with pytest.raises(TableError, match="1 verbs, 2 nouns and 1 participants"):
        epic_recognition(np.ones((1, 2)), np.ones((2, 2)), [0], [0, 1], [], [], [False])
