pub fn f(v: &Vec<i32>) -> bool {
    let s = "é𐐀"; let x = v.len() == 0;
    let unused = s;
    return x;
}
