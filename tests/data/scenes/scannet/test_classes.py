from gaussrep.data.scenes.scannet.classes import CATEGORY_IDS, CLASSES20, CLASSES200, NYU40_IDS


def test_every_class_has_a_name_and_a_number():
    assert len(CLASSES20) == len(set(CLASSES20)) == len(set(NYU40_IDS)) == 20
    assert len(CLASSES200) == len(set(CATEGORY_IDS)) == 200
    assert len(set(CLASSES200)) == 200


def test_numbers_rise_as_labels_do():
    assert list(NYU40_IDS) == sorted(NYU40_IDS)
    assert list(CATEGORY_IDS) == sorted(CATEGORY_IDS)


def test_names_and_numbers_that_the_benchmark_gives():
    twenty = dict(zip(CLASSES20, NYU40_IDS, strict=True))
    assert (twenty["wall"], twenty["curtain"], twenty["otherfurniture"]) == (1, 16, 39)
    many = dict(zip(CLASSES200, CATEGORY_IDS, strict=True))
    assert (many["wall"], many["chair"], many["floor"], many["mattress"]) == (1, 2, 3, 1191)
