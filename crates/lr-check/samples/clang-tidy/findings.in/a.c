int f(int a) {
  const char *s = "é"; if (a = 1)
    return 1;
  return s != 0;
}
