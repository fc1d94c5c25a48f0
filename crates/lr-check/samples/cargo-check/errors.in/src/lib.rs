pub fn g() -> i32 {
    true
}

pub fn h() -> Nothing {}
