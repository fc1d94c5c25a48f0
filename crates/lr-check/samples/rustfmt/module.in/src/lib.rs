mod nope;
