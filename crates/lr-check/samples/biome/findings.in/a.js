const s = "é𐐀"; if (s == 1) { console.log(!!s ? 1 : 2); }
let b = 1; console.log(b)
