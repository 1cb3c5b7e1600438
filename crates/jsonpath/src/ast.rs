//! A path as it is after compiling.

use crate::decimal::Decimal;
use regex::Regex;
use serde_json::Value;

/// The steps of one path. The root itself is not a step.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub kind: StepKind,
    /// Whether every step before this one names one place: a definite path fails where an indefinite one skips.
    pub after_definite: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum StepKind {
    Name(String),
    /// At the end of a path the named members are merged into one object; before the end each is followed.
    Names(Vec<String>),
    Wildcard,
    /// `..`: the step that follows is tried at every object and array below.
    Scan,
    Index(i32),
    Indexes(Vec<i32>),
    Slice(Slice),
    Filter(Expression),
    Function(Function),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Slice {
    From(i32),
    To(i32),
    Between(i32, i32),
}

#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub name: FunctionName,
    pub arguments: Vec<Argument>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FunctionName {
    Append,
    Average,
    Concat,
    First,
    Index,
    Keys,
    Last,
    Length,
    Max,
    Min,
    StandardDeviation,
    Sum,
}

#[derive(Debug, Clone)]
pub(crate) enum Argument {
    Json(Value),
    /// Evaluated against the whole document, also where it starts with `@`.
    Path(Steps),
}

#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Any(Vec<Expression>),
    All(Vec<Expression>),
    Not(Box<Expression>),
    Compare {
        left: Source,
        operator: Operator,
        right: Source,
    },
    /// `@.a`, or with `expected` false `!@.a`.
    Exists {
        path: Steps,
        expected: bool,
    },
}

#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A path from the element that the filter is asked of.
    Element(Steps),
    /// A path from the root; `slot` is where its value is kept during one evaluation.
    Root {
        path: Steps,
        slot: usize,
    },
    Text(String),
    Number(Decimal),
    Bool(bool),
    Null,
    Json(Value),
    Pattern(Pattern),
}

#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pub regex: Regex,
    /// What matching one byte of text may cost, by the size of the compiled pattern.
    pub steps_per_byte: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    SameTypeEqual,
    SameTypeNotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    Contains,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
    /// `EXISTS` written out.
    Exists,
    /// `ALL`, `TYPE` and `MATCHES` take operands that only Java code can build: in a path's text they match nothing.
    JavaOnly,
}

impl Steps {
    pub(crate) fn new(kinds: Vec<StepKind>) -> Steps {
        let count = kinds.len();
        let mut after_definite = true;
        let mut steps = Vec::with_capacity(count);
        for (at, kind) in kinds.into_iter().enumerate() {
            let definite = kind.is_definite(at + 1 == count);
            steps.push(Step { kind, after_definite });
            after_definite &= definite;
        }
        Steps { steps }
    }

    pub(crate) fn is_definite(&self) -> bool {
        self.steps.last().is_none_or(|step| step.after_definite && step.kind.is_definite(true))
    }
}

impl StepKind {
    fn is_definite(&self, at_end: bool) -> bool {
        match self {
            StepKind::Name(_) | StepKind::Index(_) | StepKind::Function(_) => true,
            StepKind::Names(_) => at_end,
            StepKind::Wildcard | StepKind::Scan | StepKind::Indexes(_) | StepKind::Slice(_) | StepKind::Filter(_) => false,
        }
    }
}

impl FunctionName {
    pub(crate) const ALL: &[(&str, FunctionName)] = &[
        ("append", FunctionName::Append),
        ("avg", FunctionName::Average),
        ("concat", FunctionName::Concat),
        ("first", FunctionName::First),
        ("index", FunctionName::Index),
        ("keys", FunctionName::Keys),
        ("last", FunctionName::Last),
        ("length", FunctionName::Length),
        ("max", FunctionName::Max),
        ("min", FunctionName::Min),
        ("size", FunctionName::Length),
        ("stddev", FunctionName::StandardDeviation),
        ("sum", FunctionName::Sum),
    ];

    pub(crate) fn named(name: &str) -> Option<FunctionName> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }
}

impl Operator {
    /// Word operators are compared without case.
    pub(crate) fn named(text: &str) -> Option<Operator> {
        let operator = match text.to_ascii_uppercase().as_str() {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "===" => Operator::SameTypeEqual,
            "!==" => Operator::SameTypeNotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            "=~" => Operator::Matches,
            "IN" => Operator::In,
            "NIN" => Operator::NotIn,
            "CONTAINS" => Operator::Contains,
            "SIZE" => Operator::Size,
            "EMPTY" => Operator::Empty,
            "SUBSETOF" => Operator::SubsetOf,
            "ANYOF" => Operator::AnyOf,
            "NONEOF" => Operator::NoneOf,
            "EXISTS" => Operator::Exists,
            "ALL" | "TYPE" | "MATCHES" => Operator::JavaOnly,
            _ => return None,
        };
        Some(operator)
    }
}
