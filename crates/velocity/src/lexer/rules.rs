//! The rules of each lexical state: which piece of text is the longest that can stand next.

use super::token::Kind;

/// The states of the lexer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Text outside of everything.
    Default,
    /// After `$`, until the reference ends.
    Reference,
    /// After the dot of a property or method.
    RefModifier,
    /// Inside the parentheses of a method.
    RefArguments,
    /// Inside the brackets of an index.
    RefIndex,
    /// After `#`, until it is clear what it begins.
    PreDirective,
    /// Inside a directive.
    Directive,
    TextBlock,
    BlockComment,
    FormalComment,
    LineComment,
}

/// What a piece of text does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// It is a token, or ends one that has begun.
    Token(Kind),
    /// `$`, with backslashes before it: a reference may begin.
    Dollar,
    /// `#`: a directive may begin.
    Hash,
    TextBlockStart,
    BlockCommentStart,
    /// `#**` and one more character, which is not part of it.
    FormalCommentStart,
    /// Any character of a literal block.
    More,
    /// Any character of a comment.
    Skip,
    /// The character that ends a reference; not part of it.
    ReferenceEnd,
    /// The character that shows that `#` began nothing; not part of it.
    DirectiveEnd,
}

/// The longest match so far. Of two equally long ones the first offered wins, so rules are offered in the grammar's order.
struct Longest {
    rule: Option<Rule>,
    length: usize,
}

impl Longest {
    fn offer(&mut self, rule: Rule, length: usize) {
        if length > self.length {
            *self = Self { rule: Some(rule), length };
        }
    }

    fn token(&mut self, kind: Kind, length: usize) {
        self.offer(Rule::Token(kind), length);
    }

    fn literal(&mut self, kind: Kind, rest: &[u8], text: &str) {
        if rest.starts_with(text.as_bytes()) {
            self.token(kind, text.len());
        }
    }
}

/// The rule that applies at `pos`, and to how much of the text there.
pub(super) fn longest(state: State, text: &[u8], pos: usize) -> Option<(Rule, usize)> {
    let rest = &text[pos..];
    // A run of backslashes is judged once, at its beginning; again at each of them would take quadratic time.
    let is_judged = pos > 0 && text[pos - 1] == b'\\' && rest.first() == Some(&b'\\');
    let mut best = Longest { rule: None, length: 0 };
    let first = *rest.first()?;
    match state {
        State::Default => default(&mut best, rest, is_judged),
        State::Reference | State::RefModifier => reference(&mut best, state, rest),
        State::RefArguments => arguments(&mut best, rest),
        State::RefIndex => index(&mut best, rest),
        State::PreDirective => pre_directive(&mut best, rest),
        State::Directive => directive(&mut best, rest),
        State::TextBlock | State::BlockComment | State::FormalComment | State::LineComment => {
            if !is_judged {
                beginnings(&mut best, state, rest);
            }
            verbatim(&mut best, state, first, rest);
        }
    }
    best.rule.map(|rule| (rule, best.length))
}

/// What begins references, directives and comments in every state. Line comments do not
/// begin everywhere.
fn beginnings(best: &mut Longest, state: State, rest: &[u8]) {
    let slashes = count(rest, |byte| byte == b'\\');
    if rest.get(slashes) == Some(&b'$') {
        best.offer(Rule::Dollar, slashes + 1);
        let inner = count(&rest[slashes + 1..], |byte| byte == b'\\');
        if rest.get(slashes + 1 + inner) == Some(&b'!') {
            best.offer(Rule::Dollar, slashes + inner + 2);
        }
    }
    if rest[0] != b'#' {
        return;
    }
    if rest.starts_with(b"#[[") {
        best.offer(Rule::TextBlockStart, 3);
    }
    if rest.starts_with(b"#**") && rest.get(3).is_some_and(|byte| *byte != b'#') {
        best.offer(Rule::FormalCommentStart, 4);
    }
    if rest.starts_with(b"#*") {
        best.offer(Rule::BlockCommentStart, 2);
    }
    best.offer(Rule::Hash, 1);
    if matches!(state, State::Default | State::Reference | State::PreDirective | State::Directive) {
        best.literal(Kind::LineCommentStart, rest, "##");
    }
}

fn default(best: &mut Longest, rest: &[u8], is_judged: bool) {
    if !is_judged {
        escaped_directive(best, rest);
        set_directive(best, rest);
        beginnings(best, State::Default, rest);
    }
    best.literal(Kind::DoubleEscape, rest, "\\\\");
    best.literal(Kind::Escape, rest, "\\");
    best.token(Kind::Text, memchr::memchr3(b'$', b'#', b'\\', rest).unwrap_or(rest.len()));
    empty_index(best, rest);
}

fn escaped_directive(best: &mut Longest, rest: &[u8]) {
    let slashes = count(rest, |byte| byte == b'\\');
    if slashes % 2 == 1 && rest.get(slashes) == Some(&b'#') {
        let name = &rest[slashes + 1..];
        let length = word(name).max(bracketed_word(name));
        if length > 0 {
            best.token(Kind::EscapeDirective, slashes + 1 + length);
        }
    }
}

fn set_directive(best: &mut Longest, rest: &[u8]) {
    let blank = count(rest, is_blank);
    let name = if rest[blank..].starts_with(b"#set") {
        4
    } else if rest[blank..].starts_with(b"#{set}") {
        6
    } else {
        return;
    };
    let open = blank + name + count(&rest[blank + name..], |byte| byte == b' ');
    if rest.get(open) == Some(&b'(') {
        best.token(Kind::SetDirective, open + 1);
    }
}

fn empty_index(best: &mut Longest, rest: &[u8]) {
    for text in ["$[", "$![", "$\\![", "$."] {
        best.literal(Kind::EmptyIndex, rest, text);
    }
}

fn reference(best: &mut Longest, state: State, rest: &[u8]) {
    best.literal(Kind::IndexLbracket, rest, "[");
    if state == State::RefModifier {
        best.literal(Kind::Lparen, rest, "(");
    }
    set_directive(best, rest);
    beginnings(best, state, rest);
    truth(best, rest);
    identifier_or_dot(best, rest);
    best.literal(Kind::Lcurly, rest, "{");
    best.literal(Kind::Rcurly, rest, "}");
    best.offer(Rule::ReferenceEnd, 1);
    if state == State::Reference {
        empty_index(best, rest);
    }
}

fn arguments(best: &mut Longest, rest: &[u8]) {
    punctuation(best, rest);
    best.literal(Kind::MethodRparen, rest, ")");
    set_directive(best, rest);
    beginnings(best, State::RefArguments, rest);
    whitespace(best, rest);
    string(best, rest);
    truth(best, rest);
    number(best, rest);
    identifier_or_dot(best, rest);
}

fn index(best: &mut Longest, rest: &[u8]) {
    best.literal(Kind::IndexRbracket, rest, "]");
    beginnings(best, State::RefIndex, rest);
    whitespace(best, rest);
    string(best, rest);
    truth(best, rest);
    number(best, rest);
}

fn pre_directive(best: &mut Longest, rest: &[u8]) {
    beginnings(best, State::PreDirective, rest);
    for (plain, bracketed, kind) in [("end", "{end}", Kind::End), ("else", "{else}", Kind::Else)] {
        for text in [plain, bracketed] {
            if rest.starts_with(text.as_bytes()) {
                best.token(kind, text.len() + line_end(&rest[text.len()..]));
            }
        }
    }
    for (plain, bracketed, kind) in [("if", "{if}", Kind::If), ("elseif", "{elseif}", Kind::ElseIf)] {
        best.literal(kind, rest, plain);
        best.literal(kind, rest, bracketed);
    }
    number(best, rest);
    best.token(Kind::Word, word(rest));
    best.token(Kind::BracketedWord, bracketed_word(rest));
    best.offer(Rule::DirectiveEnd, 1);
}

fn directive(best: &mut Longest, rest: &[u8]) {
    punctuation(best, rest);
    best.literal(Kind::Lparen, rest, "(");
    if rest[0] == b')' {
        best.token(Kind::Rparen, 1 + line_end(&rest[1..]));
    }
    beginnings(best, State::Directive, rest);
    whitespace(best, rest);
    string(best, rest);
    truth(best, rest);
    operators(best, rest);
    number(best, rest);
    best.token(Kind::Word, word(rest));
    best.token(Kind::BracketedWord, bracketed_word(rest));
}

fn operators(best: &mut Longest, rest: &[u8]) {
    const OPERATORS: [(&str, Kind); 24] = [
        ("-", Kind::Minus),
        ("+", Kind::Plus),
        ("*", Kind::Multiply),
        ("/", Kind::Divide),
        ("%", Kind::Modulus),
        ("&&", Kind::And),
        ("and", Kind::And),
        ("||", Kind::Or),
        ("or", Kind::Or),
        ("<", Kind::Lt),
        ("lt", Kind::Lt),
        ("<=", Kind::Le),
        ("le", Kind::Le),
        (">", Kind::Gt),
        ("gt", Kind::Gt),
        (">=", Kind::Ge),
        ("ge", Kind::Ge),
        ("==", Kind::Equals),
        ("eq", Kind::Equals),
        ("!=", Kind::NotEquals),
        ("ne", Kind::NotEquals),
        ("!", Kind::Not),
        ("not", Kind::Not),
        ("=", Kind::Assign),
    ];
    for (text, kind) in OPERATORS {
        best.literal(kind, rest, text);
    }
}

fn punctuation(best: &mut Longest, rest: &[u8]) {
    const PUNCTUATION: [(&str, Kind); 7] = [
        ("[", Kind::Lbracket),
        ("]", Kind::Rbracket),
        (",", Kind::Comma),
        ("..", Kind::DoubleDot),
        (":", Kind::Colon),
        ("{", Kind::LeftCurly),
        ("}", Kind::RightCurly),
    ];
    for (text, kind) in PUNCTUATION {
        best.literal(kind, rest, text);
    }
}

fn truth(best: &mut Longest, rest: &[u8]) {
    best.literal(Kind::True, rest, "true");
    best.literal(Kind::False, rest, "false");
}

fn whitespace(best: &mut Longest, rest: &[u8]) {
    best.token(Kind::Whitespace, count(rest, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')));
}

fn identifier_or_dot(best: &mut Longest, rest: &[u8]) {
    if rest[0].is_ascii_alphabetic() || rest[0] == b'_' {
        best.token(Kind::Identifier, count(rest, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
    }
    if rest[0] == b'.' && rest.get(1).is_some_and(u8::is_ascii_alphabetic) {
        best.token(Kind::Dot, 2);
    }
}

/// A quote is doubled inside a string; a backslash is only a backslash. A quote that nothing follows as it should ends the
/// string all the same, so the last quote that could have ended it counts.
fn string(best: &mut Longest, rest: &[u8]) {
    let quote = rest[0];
    if quote != b'"' && quote != b'\'' {
        return;
    }
    let mut at = 1;
    let mut end = 0;
    while let Some(found) = memchr::memchr(quote, &rest[at..]) {
        end = at + found + 1;
        if rest.get(end) != Some(&quote) {
            break;
        }
        at = end + 1;
    }
    best.token(Kind::StringLiteral, end);
}

/// An integer may end in two dots, which are not part of it: `1..3` is a range, not two floats.
fn number(best: &mut Longest, rest: &[u8]) {
    let sign = usize::from(rest[0] == b'-');
    let digits = count(&rest[sign..], |byte| byte.is_ascii_digit());
    let whole = sign + digits;
    if digits > 0 {
        let dots = if rest[whole..].starts_with(b"..") { 2 } else { 0 };
        best.token(Kind::Integer, whole + dots);
        best.token(Kind::Float, if exponent(&rest[whole..]) > 0 { whole + exponent(&rest[whole..]) } else { 0 });
    }
    if rest.get(whole) == Some(&b'.') {
        let fraction = count(&rest[whole + 1..], |byte| byte.is_ascii_digit());
        if digits > 0 || fraction > 0 {
            let end = whole + 1 + fraction;
            best.token(Kind::Float, end + exponent(&rest[end..]));
        }
    }
}

fn exponent(rest: &[u8]) -> usize {
    if !matches!(rest.first(), Some(b'e' | b'E')) {
        return 0;
    }
    let sign = usize::from(matches!(rest.get(1), Some(b'+' | b'-')));
    match count(&rest[1 + sign..], |byte| byte.is_ascii_digit()) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

fn word(rest: &[u8]) -> usize {
    match rest.first() {
        Some(first) if first.is_ascii_alphabetic() || matches!(first, b'_' | b'@') => count(rest, is_word),
        _ => 0,
    }
}

fn bracketed_word(rest: &[u8]) -> usize {
    let [b'{', first, ..] = rest else { return 0 };
    if !(first.is_ascii_alphabetic() || *first == b'_') {
        return 0;
    }
    let name = count(&rest[1..], is_word);
    if rest.get(1 + name) == Some(&b'}') { name + 2 } else { 0 }
}

/// Whitespace up to and including the end of the line, if there is nothing else on it.
fn line_end(rest: &[u8]) -> usize {
    let blank = count(rest, is_blank);
    match rest.get(blank) {
        Some(b'\n') => blank + 1,
        Some(b'\r') if rest.get(blank + 1) == Some(&b'\n') => blank + 2,
        Some(b'\r') => blank + 1,
        _ => 0,
    }
}

fn verbatim(best: &mut Longest, state: State, first: u8, rest: &[u8]) {
    match state {
        State::LineComment => match (first, rest.get(1)) {
            (b'\r', Some(b'\n')) => best.token(Kind::LineComment, 2),
            (b'\n' | b'\r', _) => best.token(Kind::LineComment, 1),
            _ => {}
        },
        State::FormalComment => best.literal(Kind::FormalComment, rest, "*#"),
        State::BlockComment => best.literal(Kind::BlockComment, rest, "*#"),
        _ => best.literal(Kind::TextBlock, rest, "]]#"),
    }
    best.offer(if state == State::TextBlock { Rule::More } else { Rule::Skip }, 1);
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@')
}

fn count(rest: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    rest.iter().take_while(|byte| belongs(**byte)).count()
}
