//! Set-up of a checkout.
fn main() {}
