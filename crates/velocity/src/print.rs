//! A template in its normal form.
//!
//! Text, comments and strings are printed as they stood. A line end is printed after every directive that swallows one, so
//! that the first line end of the text behind it is not swallowed when the output is parsed.

use crate::ast::{Block, Expr, Node, Operator, Part, Reference};
use crate::parser::Parsed;

/// The source of a parsed template, with normal spacing.
pub(crate) fn template(parsed: &Parsed) -> String {
    let mut printer = Printer { parsed, out: String::new() };
    printer.block(&parsed.body);
    printer.out
}

struct Printer<'t> {
    parsed: &'t Parsed,
    out: String,
}

impl Printer<'_> {
    fn block(&mut self, block: &Block) {
        for node in block {
            self.node(node);
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Text(text) => self.out.push_str(&text.source),
            Node::Reference(reference) => self.reference(reference),
            Node::Set(set) => {
                self.out.push_str(&set.lead);
                self.out.push_str("#set(");
                self.reference(&set.target);
                self.out.push_str(" = ");
                self.expr(&set.value);
                self.out.push_str(")\n");
            }
            Node::If(conditional) => {
                for (index, (condition, block)) in conditional.branches.iter().enumerate() {
                    self.out.push_str(if index == 0 { "#if(" } else { "#elseif(" });
                    self.expr(condition);
                    self.out.push_str(")\n");
                    self.block(block);
                }
                if let Some(block) = &conditional.otherwise {
                    self.out.push_str("#{else}\n");
                    self.block(block);
                }
                self.out.push_str("#{end}\n");
            }
            Node::Foreach(foreach) => {
                self.directive(&foreach.word, &foreach.arguments);
                self.block(&foreach.body);
                self.out.push_str("#{end}\n");
            }
            Node::Define { word, arguments, block, .. } => {
                self.directive(word, arguments);
                self.block(&self.parsed.defines[*block as usize]);
                self.out.push_str("#{end}\n");
            }
            Node::Break { word, arguments } | Node::Stop { word, arguments } => self.directive(word, arguments),
            Node::Macro { word, arguments, body } => {
                self.directive(word, arguments);
                self.block(body);
                self.out.push_str("#{end}\n");
            }
        }
    }

    /// With parentheses, so that nothing behind it is taken for a part of it.
    fn directive(&mut self, word: &str, arguments: &[Expr]) {
        self.out.push_str(word);
        self.out.push('(');
        for (index, argument) in arguments.iter().enumerate() {
            self.out.push_str(if index > 0 { " " } else { "" });
            self.expr(argument);
        }
        self.out.push_str(")\n");
    }

    fn reference(&mut self, reference: &Reference) {
        self.out.push_str(&reference.lead);
        self.out.push_str(&reference.root.text);
        for part in &reference.parts {
            match part {
                Part::Property { name, .. } => {
                    self.out.push('.');
                    self.out.push_str(name);
                }
                Part::Method { name, arguments, .. } => {
                    self.out.push('.');
                    self.out.push_str(name);
                    self.list('(', arguments, ')');
                }
                Part::Index { index, .. } => {
                    self.out.push('[');
                    self.expr(index);
                    self.out.push(']');
                }
            }
        }
        if reference.lead.ends_with('{') {
            self.out.push('}');
        }
    }

    fn list(&mut self, open: char, items: &[Expr], close: char) {
        self.out.push(open);
        for (index, item) in items.iter().enumerate() {
            self.out.push_str(if index > 0 { ", " } else { "" });
            self.expr(item);
        }
        self.out.push(close);
    }

    /// A chain in a chain binds tighter than what is around it, or stood in parentheses.
    fn operand(&mut self, expr: &Expr) {
        let is_nested = matches!(expr, Expr::Chain(_));
        self.out.push_str(if is_nested { "(" } else { "" });
        self.expr(expr);
        self.out.push_str(if is_nested { ")" } else { "" });
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Number(number) => self.out.push_str(&literal(number)),
            Expr::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Expr::Text { source, .. } | Expr::Template { source, .. } => self.out.push_str(source),
            Expr::Reference(reference) => self.reference(reference),
            Expr::List(items) => self.list('[', items, ']'),
            Expr::Range { from, to, .. } => {
                self.out.push('[');
                self.expr(from);
                self.out.push_str(" .. ");
                self.expr(to);
                self.out.push(']');
            }
            Expr::Map { entries, .. } => {
                self.out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.out.push_str(if index > 0 { ", " } else { "" });
                    self.expr(key);
                    self.out.push_str(" : ");
                    self.expr(value);
                }
                self.out.push('}');
            }
            Expr::Not(operand) => {
                self.out.push_str("!(");
                self.expr(operand);
                self.out.push(')');
            }
            Expr::Chain(chain) => {
                self.operand(&chain.first);
                for link in &chain.links {
                    self.out.push_str(symbol(link.operator));
                    self.operand(&link.operand);
                }
            }
            Expr::Word(word) => self.out.push_str(word),
        }
    }
}

/// A number that is read again as the same kind: a decimal point for doubles, in plain digits.
fn literal(number: &crate::Number) -> String {
    match number {
        crate::Number::Double(value) if value.is_infinite() => format!("{}1.0e999", if *value < 0.0 { "-" } else { "" }),
        crate::Number::Double(value) => format!("{value:?}"),
        other => other.to_string(),
    }
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Or => " || ",
        Operator::And => " && ",
        Operator::Equal => " == ",
        Operator::NotEqual => " != ",
        Operator::Less => " < ",
        Operator::Greater => " > ",
        Operator::LessOrEqual => " <= ",
        Operator::GreaterOrEqual => " >= ",
        Operator::Add => " + ",
        Operator::Subtract => " - ",
        Operator::Multiply => " * ",
        Operator::Divide => " / ",
        Operator::Modulo => " % ",
    }
}
