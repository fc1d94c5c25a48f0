// 𐐀é
let a = 1;
var b="x"
if (a == b) { console.log( a ) }
if (!!a) {}
