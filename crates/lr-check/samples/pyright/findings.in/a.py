s = "𐐀"; x: int = "a"
y = undefined
