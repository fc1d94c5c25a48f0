from shop.money import cents


def test_cents():
    assert cents("2") == 200
