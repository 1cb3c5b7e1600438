//! The sources of one API in every language, as files beside this one. `UPDATE_SNAPSHOTS=1` writes them anew.

use super::*;

/// The same for every API but for names: what the templates say stands there.
const RUNTIME: &[&str] =
    &["ApiException.java", "ApiRequest.java", "ApiResponse.java", "IamCredentials.java", "Signer.java", "runtime.rb", "gemspec"];

#[test]
fn the_sources_of_an_api() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sdk/tests/snapshots");
    let client = pets().client("http://127.0.0.1:8080/_aws/execute-api/abcde12345/dev");
    for kind in KINDS.iter().filter(|kind| kind.language.is_some()) {
        let files = generated(&client, kind.id);
        let kept = |file: &&File| {
            let is_javascript_again = kind.id == "typescript" && file.path.ends_with(".js");
            !is_javascript_again && !RUNTIME.iter().any(|name| file.path.ends_with(name))
        };
        for file in files.iter().filter(kept) {
            assert!(!file.text.contains("{{"), "{}: a place was not filled", file.path);
            let path = folder.join(&file.path);
            if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &file.text).unwrap();
            }
            let snapshot = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(file.text, snapshot, "{}: UPDATE_SNAPSHOTS=1 writes it anew", file.path);
        }
    }
}

#[test]
fn equal_definitions_give_equal_archives() {
    for kind in KINDS.iter().filter(|kind| kind.language.is_some()) {
        let make = || archive(&pets().client("http://a"), kind.language.unwrap(), &properties(kind.id)).unwrap();
        assert_eq!(make(), make(), "{}", kind.id);
    }
}

#[test]
fn paths_that_would_fill_the_memory_are_refused() {
    let part = "x".repeat(20_000);
    let mut draft = Draft::new("deep");
    for depth in 1..30 {
        draft = draft.method("GET", &vec![part.as_str(); depth], |_| {});
    }
    let source = Source { api_id: String::new(), stage: String::new(), region: String::new(), invoke_url: String::new() };
    let refused = Client::new(&draft.definition, source).unwrap_err();
    assert_eq!(refused.status, 400);
    assert!(refused.message.starts_with("The API is too large for an SDK"), "{}", refused.message);
}

#[test]
fn java_projects_are_of_maven_or_gradle() {
    let client = pets().client("http://a");
    let given =
        [("service.name", "A"), ("java.package-name", "b.c"), ("java.build-system", "gradle"), ("java.artifact-id", "a-b")];
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let gradle = Properties::new(find("java").unwrap(), given).unwrap();
    let files = files(&client, Language::Java, &gradle).unwrap();
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.clone());
    assert_eq!(text("generated-code/settings.gradle").unwrap(), "rootProject.name = 'a-b'\n");
    assert!(text("generated-code/build.gradle").unwrap().contains("group = 'b.c'"));
    assert_eq!(text("generated-code/pom.xml"), None);
}

#[test]
fn properties_that_are_no_names_are_refused() {
    let java = [("service.name", "A"), ("java.package-name", "b")];
    let ruby = [("service.name", "A")];
    for (kind, base, name, value) in [
        ("java", &java[..], "service.name", "a-b"),
        ("java", &java, "service.name", "Signer"),
        ("java", &java, "service.name", "class"),
        ("java", &java, "java.package-name", "a..b"),
        ("java", &java, "java.package-name", "a.new.b"),
        ("java", &java, "java.package-name", "java.util"),
        ("java", &java, "java.package-name", "../../etc"),
        ("java", &java, "java.build-system", "ant"),
        ("java", &java, "java.group-id", "</groupId>"),
        ("java", &java, "java.artifact-version", "1'+x+'"),
        ("ruby", &ruby, "service.name", "string"),
        ("ruby", &ruby, "service.name", "A::B"),
        ("ruby", &ruby, "ruby.gem-name", "../x"),
        ("ruby", &ruby, "ruby.gem-version", "x"),
    ] {
        let mut given: indexmap::IndexMap<String, String> =
            base.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        given.insert(name.to_owned(), value.to_owned());
        let kind = find(kind).unwrap();
        let refused =
            archive(&pets().client("http://a"), kind.language.unwrap(), &Properties::new(kind, given).unwrap()).unwrap_err();
        assert_eq!(refused.status, 400, "{name}={value}");
        assert!(refused.message.contains(name), "{name}={value}: {}", refused.message);
    }
}
