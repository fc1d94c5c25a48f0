package  a
