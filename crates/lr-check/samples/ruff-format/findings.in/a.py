x=1
import os


def f( a ):
    s = "é" ;return  a




def g():
    pass


if f(1):
    pass

numbers = [1, 2,
   3]