//! Apache Velocity 1.7 templates.
//!
//! A [`Template`] is parsed once and rendered many times. What API Gateway does differently are named [`Options`]; the engine
//! knows nothing else of it: `$input` and the like are [`TemplateObject`]s or plain values that the embedder makes. Rendering is
//! synchronous, does no IO, and is bounded in work, memory, nesting and output by [`Limits`].
//!
//! ```
//! use postern_velocity::{Heap, Options, Template, Value};
//!
//! let options = Options::api_gateway();
//! let template = Template::parse("#foreach($n in $names)Hello, $n!#if($foreach.hasNext) #end#end", &options)?;
//! let mut heap = Heap::new(&options.limits);
//! let names = heap.list(vec![Value::text("Ann"), Value::text("Bob")], postern_velocity::ListStyle::Java);
//! assert_eq!(template.render(&mut heap, [("names", names)])?, "Hello, Ann! Hello, Bob!");
//! # Ok::<(), postern_velocity::Error>(())
//! ```
//!
//! Left out on purpose, in every configuration: `#parse`, `#include` and `#evaluate` are words like any other, `#macro` defines
//! nothing, and no method leads to a class (`getClass` and what hangs on it).

mod ast;
mod budget;
mod entries;
mod error;
mod eval;
mod heap;
mod java;
mod lexer;
mod methods;
mod number;
mod options;
mod parser;
mod print;
mod template;
mod value;

pub use self::error::{Error, ErrorKind, Limit};
pub use self::heap::{Heap, ListStyle};
pub use self::number::{Decimal, Number};
pub use self::options::{Limits, Options, Unresolved};
pub use self::template::Template;
pub use self::value::{BlockId, IteratorId, ListId, MapId, ObjectError, ScopeId, TemplateObject, Value, View};
