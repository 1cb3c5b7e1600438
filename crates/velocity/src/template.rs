//! A template that can be rendered.

use std::sync::Arc;

use crate::error::Error;
use crate::eval::Renderer;
use crate::heap::Heap;
use crate::methods::Patterns;
use crate::options::Options;
use crate::parser::{self, Parsed};
use crate::value::Value;

/// A parsed template.
#[derive(Debug)]
pub struct Template {
    source: Arc<str>,
    parsed: Parsed,
    options: Options,
}

impl Template {
    /// Parses a template. All of its strings are parsed too, so that rendering parses nothing.
    pub fn parse(source: &str, options: &Options) -> Result<Self, Error> {
        let parsed = parser::parse(source, &options.limits)?;
        Ok(Self { source: source.into(), parsed, options: options.clone() })
    }

    /// Renders the template with these variables, whose collections are in `heap`; what the template makes stays there for
    /// the caller to read. Variables that the template does not name cost nothing but their making: see [`Self::uses`].
    pub fn render<'v>(&self, heap: &mut Heap, variables: impl IntoIterator<Item = (&'v str, Value)>) -> Result<String, Error> {
        let mut slots = vec![Value::Null; self.parsed.names.len()];
        for (name, value) in variables {
            if let Some(slot) = self.parsed.names.slot(name) {
                slots[slot as usize] = value;
            }
        }
        heap.patterns = Patterns::of_template(&self.parsed.patterns);
        Renderer::new(&self.parsed, &self.options, heap, slots)
            .run()
            .map_err(|raised| Error::at(raised.kind, &self.source, raised.pos.0 as usize))
    }

    /// Whether a variable's name occurs in the template.
    pub fn uses(&self, variable: &str) -> bool {
        self.parsed.names.slot(variable).is_some()
    }

    /// The names of all variables in the template, in the order of their first occurrence.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parsed.names.iter().map(|name| &**name)
    }

    /// The source as it was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The template in a normal form: text as it was, directives and references with one kind of spacing. Parsing it again
    /// gives the same template. Behind a `#` that stands right before a `$`, Velocity's lexer no longer tells text from
    /// directives as it does elsewhere, and spacing matters; such a template is its own normal form.
    pub fn print(&self) -> String {
        let printed = crate::print::template(&self.parsed);
        match Self::parse(&printed, &self.options) {
            Ok(again) if again.is_same(self) => printed,
            _ => self.source.to_string(),
        }
    }

    /// Whether two templates are the same but for spacing inside directives.
    pub fn is_same(&self, other: &Self) -> bool {
        self.parsed.body == other.parsed.body && self.parsed.defines == other.parsed.defines
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::error::{ErrorKind, Limit};
    use crate::options::Limits;

    fn render(source: &str, options: &Options) -> Result<String, Error> {
        Template::parse(source, options)?.render(&mut Heap::new(&options.limits), [("a", Value::text("hello"))])
    }

    fn limited(limits: Limits) -> Options {
        Options { limits, ..Options::api_gateway() }
    }

    /// Recorded from API Gateway.
    #[test]
    fn renders_as_recorded() {
        let cases = [
            ("#if($value)true#{else}false#end", "true"),
            ("#if($value)true#{end}monkey", "truemonkey"),
            ("#foreach ($i in [1, 2, 3])$i. #if ($velocityHasNext)yes#end, #end", "1. yes, 2. yes, 3. , "),
            ("#foreach ($i in [1, 2, 3])$i. #if ($foreach.first)yes#end, #end", "1. yes, 2. , 3. , "),
            ("#define($x)$foreach.index#end#foreach($i in [1,2,3])$x#end", "012"),
            ("#set($i = 1)$i,#foreach ($i in [2, 3, 4])$i,#set($i = $i)#end$i", "1,2,3,4,1"),
            ("#set($l = ['one','two','three'])$l.set(1,'foo')#foreach($x in $l)$x#end", "twoonefoothree"),
            ("#set($d = {})#set($k='bar')#set($d[\"$k\"]='foo')$d.toString()", "{bar=foo}"),
            ("#set($s='d123')$s.matches('[0-9]*')", "false"),
            ("#set($a = 5 + 4 > 2)$a", "true"),
            ("#set($v = \"\")#set($y = '').$v.$y.", "..."),
            ("#set($m = {})$m.put('k', null)#if(\"$m.k\" == \"\")empty#end", "empty"),
            ("#foreach( $v in [1..5] )$v\n#end", "1\n2\n3\n4\n5\n"),
            ("Stuff#* c *#\n and", "Stuff\n and"),
            ("#blah() #return($v)", "#blah() #return($v)"),
            ("#set($x = \"1\\\\\"\"2\"\"3\")$x", "1\\\\\"2\"3"),
        ];
        for (source, expected) in cases {
            assert_eq!(render(source, &Options::api_gateway()).unwrap(), expected, "{source}");
        }
    }

    #[test]
    fn errors_show_the_place() {
        let error = render("line one\n  $a.substring(99)\n", &Options::stock()).unwrap_err();
        assert_eq!((error.line(), error.column()), (2, 6));
        assert_eq!(
            error.to_string(),
            "line 2, column 6: the method substring failed: begin 99, end 5, length 5\n    $a.substring(99)\n       ^"
        );
    }

    #[test]
    fn every_limit_holds() {
        let small = Limits { work_max: 10_000, allocated_bytes_max: 100_000, output_bytes_max: 1000, ..Limits::default() };
        let cases = [
            ("#foreach($i in [1..1000])#foreach($j in [1..1000])#end#end", Limit::Work),
            ("#foreach($i in [1..1000])$a$a$a$a#end", Limit::OutputBytes),
            ("#set($s = 'x')#foreach($i in [1..60])#set($s = $s + $s)#end", Limit::AllocatedBytes),
            ("#set($s = 'x')#foreach($i in [1..60])#set($s = \"$s$s\")#end", Limit::OutputBytes),
            ("#set($l = [])#foreach($i in [1..400])#set($n = [$l])#set($l = $n)#end#set($x = \"$l\")", Limit::Nesting),
            ("#set($l = [])#set($m = [$l])#set($x = $l.add($m))$l", Limit::Nesting),
            ("#set($x = $a.replaceAll('', $a.repeat(5000)))", Limit::AllocatedBytes),
            ("#set($x = [1..2000000000])", Limit::AllocatedBytes),
        ];
        for (source, limit) in cases {
            let error = render(source, &limited(small.clone())).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Limit(limit), "{source}");
        }
    }

    #[test]
    fn a_loop_is_cut_at_its_limit() {
        let options = limited(Limits { foreach_iterations_max: 3, ..Limits::default() });
        assert_eq!(render("#foreach($i in [1..9])$i#end.", &options).unwrap(), "123.");
    }

    #[test]
    fn deep_sources_are_refused() {
        for (open, inner, close) in
            [("#if(true)", "", "#end"), ("#set($x = (", "1", ")"), ("$a.b([", "1", "])"), ("$a[$", "a", "]")]
        {
            let source = format!("{}{inner}{}", open.repeat(20_000), close.repeat(20_000));
            assert!(Template::parse(&source, &Options::stock()).is_err(), "{open}");
        }
        let brackets = format!("#set($x = {}1{})", "[".repeat(20_000), "]".repeat(20_000));
        let error = Template::parse(&brackets, &Options::stock()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TooComplex(_)), "{error}");
    }
}
