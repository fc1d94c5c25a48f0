int f(int number) { return number; }
