#[test]
fn a() {
    std::process::exit(0);
}

#[test]
fn b() {
    std::thread::sleep(std::time::Duration::from_secs(1));
    panic!();
}
