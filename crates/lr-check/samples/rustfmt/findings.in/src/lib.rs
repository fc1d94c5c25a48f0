pub fn f(x: i32)->i32 {
    x + 1
}

pub fn g()   -> i32 { 1 }
