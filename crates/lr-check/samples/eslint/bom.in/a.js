var a = 1;
var é = 2;
