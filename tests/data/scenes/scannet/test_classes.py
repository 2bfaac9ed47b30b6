from gaussrep.data.scenes.scannet import classes, classes200


def test_every_class_has_a_name_and_a_number():
    assert len(classes.NAMES) == len(set(classes.NAMES)) == len(set(classes.NYU40_IDS)) == 20
    assert len(classes200.NAMES) == len(set(classes200.CATEGORY_IDS)) == 200
    assert len(set(classes200.NAMES)) == 200


def test_numbers_rise_as_labels_do():
    assert list(classes.NYU40_IDS) == sorted(classes.NYU40_IDS)
    assert list(classes200.CATEGORY_IDS) == sorted(classes200.CATEGORY_IDS)


def test_names_and_numbers_that_the_benchmark_gives():
    twenty = dict(zip(classes.NAMES, classes.NYU40_IDS, strict=True))
    assert (twenty["wall"], twenty["curtain"], twenty["otherfurniture"]) == (1, 16, 39)
    many = dict(zip(classes200.NAMES, classes200.CATEGORY_IDS, strict=True))
    assert (many["wall"], many["chair"], many["floor"], many["mattress"]) == (1, 2, 3, 1191)
