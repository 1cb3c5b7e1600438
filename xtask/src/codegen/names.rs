//! From AWS's names to Rust's.

/// Words that Rust keeps for itself and AWS uses as member names.
const KEYWORDS: [&str; 3] = ["type", "enum", "ref"];

/// The Rust name of a type. One of AWS's names is a Rust name of another kind.
pub fn type_name(shape: &str) -> &str {
    match shape {
        "None" => "NoAuthorization",
        other => other,
    }
}

/// `restApiId` and `RestApiId` to `rest_api_id`, `providerARNs` to `provider_arns`.
pub fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().filter(|letter| *letter != '_').collect();
    let mut snake = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let after_lower = index > 0 && !letters[index - 1].is_ascii_uppercase();
        let next = letters.get(index + 1);
        // The last capital of a run starts a word, unless the run is a plural such as ARNs.
        let plural = next == Some(&'s') && letters.get(index + 2).is_none_or(char::is_ascii_uppercase);
        let before_lower = next.is_some_and(char::is_ascii_lowercase) && !plural;
        if letter.is_ascii_uppercase() && index > 0 && (after_lower || before_lower) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// A member as a field.
pub fn field(member: &str) -> String {
    let name = snake(member);
    if KEYWORDS.contains(&name.as_str()) { format!("r#{name}") } else { name }
}

/// `CreateRestApi` to `createRestApi`, `ACMManaged` to `acmManaged`.
pub fn lower_camel(name: &str) -> String {
    let capitals = name.chars().take_while(char::is_ascii_uppercase).count();
    let lowered = if capitals > 1 && capitals < name.len() { capitals - 1 } else { capitals };
    name.chars().enumerate().map(|(index, letter)| if index < lowered { letter.to_ascii_lowercase() } else { letter }).collect()
}

/// A wire string as a variant: `HTTP_PROXY` to `HttpProxy`, `0.5` to `V05`, `SELF` to `Self_`.
pub fn variant(wire: &str) -> String {
    let words = wire.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.map(pascal_word).collect();
    match name.as_str() {
        "Self" => "Self_".to_owned(),
        _ if name.starts_with(|first: char| first.is_ascii_digit()) => format!("V{name}"),
        _ => name,
    }
}

/// A word of capitals is lowered; one with small letters keeps the capitals inside it.
fn pascal_word(word: &str) -> String {
    let mixed = word.contains(|letter: char| letter.is_ascii_lowercase());
    let rest = |letter: char| if mixed { letter } else { letter.to_ascii_lowercase() };
    let letters = word.chars().enumerate();
    letters.map(|(index, letter)| if index == 0 { letter.to_ascii_uppercase() } else { rest(letter) }).collect()
}

#[cfg(test)]
mod tests {
    use super::{lower_camel, snake, variant};

    #[test]
    fn members_become_fields() {
        for (member, field) in [
            ("restApiId", "rest_api_id"),
            ("RestApiId", "rest_api_id"),
            ("providerARNs", "provider_arns"),
            ("cacheTtlInSeconds", "cache_ttl_in_seconds"),
            ("ACMManaged", "acm_managed"),
            ("AWSIntegration", "aws_integration"),
            ("items", "items"),
        ] {
            assert_eq!(snake(member), field);
        }
    }

    #[test]
    fn wire_strings_become_variants() {
        for (wire, name) in [
            ("HTTP_PROXY", "HttpProxy"),
            ("0.5", "V05"),
            ("SELF", "Self_"),
            ("ipv4", "Ipv4"),
            ("TLS_1_2", "Tls12"),
            ("SecurityPolicy_TLS13_2025_EDGE", "SecurityPolicyTls132025Edge"),
        ] {
            assert_eq!(variant(wire), name);
        }
    }

    #[test]
    fn names_in_messages_start_small() {
        assert_eq!(lower_camel("CreateRestApi"), "createRestApi");
        assert_eq!(lower_camel("ACMManaged"), "acmManaged");
        assert_eq!(lower_camel("statusCode"), "statusCode");
    }
}
