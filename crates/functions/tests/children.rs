//! What the server itself has started and ended. Alone in its file: it counts the children of this whole process.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Declared, end, result};

#[tokio::test]
async fn nothing_is_left_beside_the_server_either() {
    let children = || {
        let own = std::process::id().to_string();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let parents = entries.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
        parents.filter(|stat| stat.rsplit_once(')').unwrap().1.split_whitespace().nth(1) == Some(&own)).count()
    };
    let before = children();
    let running = Declared::python("def handler(event, context):\n    return 1\n").start();
    result(&running, "{}").await;
    assert_eq!(children(), before + 2, "the function and the janitor");
    end(running).await;
    assert_eq!(children(), before);
}
