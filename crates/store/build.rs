//! A new migration file must rebuild the crate: `sqlx::migrate!` only notices changes of the files it already knows.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
