//! Names in generated code, from anything that a path, a parameter or an operation may be called.

use std::collections::HashMap;

use super::operations::{ClientMethod, Segment};

/// What the root's path is called in names (AWS docs, "Simple calculator API").
const ROOT: &str = "ApiRoot";

/// Longest name made; file systems take 255 bytes, and a name becomes a file's with a suffix.
const NAME_BYTES_MAX: usize = 120;

/// The words of a text: runs of ASCII letters and digits. Other letters are written as their code points, so that names in
/// another script stay names, and different ones.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in text.chars() {
        if let Some(word) = words.last_mut().filter(|_| character.is_ascii_alphanumeric()) {
            word.push(character);
        } else if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.push_str(&format!("u{:x}", u32::from(character)));
        } else {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Every word with a capital: `pet-id` is `PetId`. `fallback` stands for a text without words.
pub(super) fn pascal(text: &str, fallback: &str) -> String {
    let mut name: String = words(text).iter().map(|word| upper_first(word)).collect();
    // Only ASCII by now, so that every byte is a boundary.
    name.truncate(NAME_BYTES_MAX);
    if name.is_empty() { fallback.to_owned() } else { name }
}

/// The first word small: `pet-id` is `petId`.
pub(super) fn camel(text: &str, fallback: &str) -> String {
    led_by_letter(lower_first(&pascal(text, fallback)))
}

/// Small words joined by `_`: `petId` is `pet_id`, `GetABOp` is `get_ab_op` (AWS docs, "Use a Ruby SDK").
pub(super) fn snake(text: &str, fallback: &str) -> String {
    let name: Vec<char> = pascal(text, fallback).chars().collect();
    let mut snake = String::new();
    for (index, character) in name.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| name.get(before));
        let after = name.get(index + 1);
        let starts_word = character.is_ascii_uppercase()
            && before.is_some_and(|before| !before.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase));
        if starts_word {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    led_by_letter(snake)
}

/// No language here lets a name begin with a digit.
fn led_by_letter(name: String) -> String {
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

fn upper_first(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

fn lower_first(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(characters).collect()
}

/// A method's name with its verb last: `petsPetIdGet`, `rootGet`, as the service's JavaScript clients have it.
pub(super) fn path_then_verb(method: &ClientMethod) -> String {
    let verb = pascal(&method.verb.name().to_ascii_lowercase(), "Any");
    let path = if method.segments.is_empty() { "root".to_owned() } else { path_words(method) };
    format!("{}{verb}", camel(&path, "resource"))
}

/// A method's name as the other clients have it: its operation name, or the verb and the path, `GetPetsPetId`.
pub(super) fn operation(method: &ClientMethod) -> String {
    match &method.operation_name {
        Some(name) => pascal(name, "Operation"),
        None => {
            let verb = pascal(&method.verb.name().to_ascii_lowercase(), "Any");
            let path = if method.segments.is_empty() { ROOT.to_owned() } else { pascal(&path_words(method), "Resource") };
            format!("{verb}{path}")
        }
    }
}

fn path_words(method: &ClientMethod) -> String {
    let parts: Vec<&str> = method
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(part) | Segment::Variable(part) | Segment::Greedy(part) => part.as_str(),
        })
        .collect();
    parts.join("/")
}

/// Hands out each name once. Compares without case, because file systems may, and names become files.
pub(super) struct Names {
    taken: HashMap<String, usize>,
    keywords: &'static [&'static str],
}

impl Names {
    /// `keywords` and `reserved` are never handed out.
    pub(super) fn new(keywords: &'static [&'static str], reserved: &[&str]) -> Self {
        Self { taken: reserved.iter().map(|name| (name.to_ascii_lowercase(), 1)).collect(), keywords }
    }

    /// The name itself, with `_` behind a keyword and a number behind what was handed out before.
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let wanted = if self.keywords.contains(&wanted) { format!("{wanted}_") } else { wanted.to_owned() };
        let mut name = wanted.clone();
        while let Some(count) = self.taken.get(&name.to_ascii_lowercase()).copied() {
            // Counted at the wanted name, so that many of one name do not search from the start.
            let next = self.taken.get(&wanted.to_ascii_lowercase()).copied().unwrap_or(count) + 1;
            self.taken.insert(wanted.to_ascii_lowercase(), next);
            name = format!("{wanted}{next}");
        }
        self.taken.insert(name.to_ascii_lowercase(), 1);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_each_style() {
        for (text, in_pascal, in_camel, in_snake) in [
            ("petId", "PetId", "petId", "pet_id"),
            ("pet-id", "PetId", "petId", "pet_id"),
            ("x_y.z", "XYZ", "xYZ", "xyz"),
            ("GetABOp", "GetABOp", "getABOp", "get_ab_op"),
            ("get_bookings", "GetBookings", "getBookings", "get_bookings"),
            ("2fast", "2fast", "_2fast", "_2fast"),
            ("é", "Ue9", "ue9", "ue9"),
            ("日本", "U65e5u672c", "u65e5u672c", "u65e5u672c"),
            ("-", "None", "none", "none"),
            ("", "None", "none", "none"),
            ("a\"; drop()//", "ADrop", "aDrop", "a_drop"),
        ] {
            assert_eq!(pascal(text, "None"), in_pascal, "{text}");
            assert_eq!(camel(text, "None"), in_camel, "{text}");
            assert_eq!(snake(text, "None"), in_snake, "{text}");
        }
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(camel(&"a".repeat(1000), "x").len(), NAME_BYTES_MAX);
    }

    #[test]
    fn each_name_is_handed_out_once() {
        let mut names = Names::new(&["class"], &["body"]);
        let taken: Vec<String> =
            ["pets", "Pets", "pets", "pets2", "class", "class", "body", "class_"].iter().map(|name| names.take(name)).collect();
        assert_eq!(taken, ["pets", "Pets2", "pets3", "pets22", "class_", "class_2", "body2", "class_3"]);
    }
}
