const typed: number = "x";
