x = "é"
puts x if x == "a" ; y = 1
