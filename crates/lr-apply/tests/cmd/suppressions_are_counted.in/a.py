import os

def test_a():
    pass
