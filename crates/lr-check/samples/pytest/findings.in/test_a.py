import pytest
from lib.h import boom, check

@pytest.fixture
def bad():
    raise RuntimeError("no fixture")

class TestThing:
    def test_in_class(self):
        assert {"a": 1} == {"a": 2}

    @pytest.mark.parametrize("x", [1, "a b[::]"])
    def test_param(self, x):
        boom(x)

def test_helper():
    check(3)

def test_fixture(bad):
    pass

@pytest.mark.xfail(strict=True)
def test_xpass():
    pass

@pytest.mark.skip
def test_skip():
    pass

def test_teardown(request):
    request.addfinalizer(lambda: 1/0)

def test_print():
    print("red")
    import sys; sys.exit(3)
def test_fail():
    pytest.fail("line one\nline two")
