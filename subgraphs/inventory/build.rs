//! New migration files must be seen by `sqlx::migrate!`, which stable Rust cannot watch by itself.
fn main() {
    println!("cargo:rerun-if-changed=../../migrations/inventory");
}
