//! What becomes of a stage's series.

use super::dimension;

#[test]
fn the_dimension_of_a_name() {
    assert_eq!(&*dimension("Pets", "abc"), "Pets");
    assert_eq!(&*dimension("Tiergeschäft", "abc"), "Tiergeschft");
    assert_eq!(&*dimension("動物", "abc"), "abc");
    assert_eq!(&*dimension("a\nb", "abc"), "ab");
}
