//! Per service: `operation.rs`, `service.rs` and `mod.rs`.

use std::fmt::Write as _;

use super::table::{Operation, Service};
use super::{HEADER, names};

/// The operation table.
pub fn operation_file(service: &Service) -> String {
    let mut text = format!("{HEADER}\nuse crate::wire::wire_operations;\n\nwire_operations! {{\n");
    let _ = writeln!(text, "    /// The operations of `{}`.\n    pub enum Operation {{", service.module);
    let mut operations: Vec<&Operation> = service.table.operations.iter().collect();
    operations.sort_by_key(|operation| (route_rank(&operation.uri), operation.name.clone()));
    for operation in operations {
        let Operation { name, method, uri, status, .. } = operation;
        let _ = writeln!(text, "        {name} = {method:?} {uri:?} {status},");
    }
    text.push_str("    }\n}\n");
    text
}

/// Sorts templates so that the first that fits is the right one: by segment, literals before labels; a query before none.
fn route_rank(uri: &str) -> (Vec<(bool, String)>, bool) {
    let (path, query) = uri.split_once('?').map_or((uri, None), |(path, query)| (path, Some(query)));
    (path.split('/').map(|part| (part.starts_with('{'), part.to_owned())).collect(), query.is_none())
}

/// The trait, the dispatch and the types by operation.
pub fn service_file(service: &Service) -> Result<String, String> {
    let refusal = match service.module {
        "apigateway" => "validation",
        // Their models have no ValidationException.
        _ => "bad_request",
    };
    let mut text = format!(
        "{HEADER}\nuse super::*;\nuse crate::error::{{ApiError, ApiResult}};\n\
        use crate::scope::Caller;\nuse crate::wire::{{Answer, WireRequest, WireResponse, answer, operation_types}};\n\n"
    );
    write_trait(&mut text, service);
    write_dispatch(&mut text, service, refusal);
    write_types(&mut text, service);
    write_list(&mut text, service);
    Ok(text)
}

fn write_trait(text: &mut String, service: &Service) {
    let Service { module, trait_name, .. } = service;
    let _ = writeln!(
        text,
        "/// What serves `{module}`: one method per operation, none with a default, so that a missing one does not compile.
        pub trait {trait_name}: Send + Sync {{"
    );
    for operation in &service.table.operations {
        let Operation { name, method, uri, .. } = operation;
        let _ = writeln!(
            text,
            "/// `{name}`: `{method} {uri}`.\nfn {}(&self, caller: &Caller, input: {name}Input) -> impl Future<Output = ApiResult<{}>> + Send;",
            names::snake(name),
            output(operation)
        );
    }
    text.push_str("}\n\n");
}

fn write_dispatch(text: &mut String, service: &Service, refusal: &str) {
    let _ = writeln!(
        text,
        "/// Reads the input of `operation` from `request`, runs it on `service` and writes its output.
        ///
        /// # Errors
        /// The operation's own, and those of an input that breaks the model's constraints.
        pub async fn dispatch<S: {} + ?Sized>(service: &S, caller: &Caller, operation: Operation, request: &WireRequest<'_>) -> ApiResult<WireResponse> {{
        let status = operation.status();
        let answer: Answer<'_> = match operation {{",
        service.trait_name
    );
    for operation in &service.table.operations {
        let method = names::snake(&operation.name);
        let _ = writeln!(
            text,
            "Operation::{} => answer(status, service.{method}(caller, request.read(ApiError::{refusal})?)),",
            operation.name
        );
    }
    text.push_str("};\nanswer.await\n}\n\n");
}

fn write_types(text: &mut String, service: &Service) {
    text.push_str("operation_types! {\n");
    for operation in &service.table.operations {
        let output = output(operation);
        let output = if output == "()" { output.to_owned() } else { format!("super::{output}") };
        let _ = writeln!(text, "    {} {}Input {output};", operation.name, operation.name);
    }
    text.push_str("}\n\n");
}

/// Tests and the fuzzer go through all operations with this.
fn write_list(text: &mut String, service: &Service) {
    let _ = writeln!(
        text,
        "/// Hands every operation to a macro of the crate, as `unbuilt_methods` takes them.\n#[cfg(any(test, fuzzing))]\n\
        macro_rules! each_operation {{\n    ($then:ident) => {{\n        crate::$then! {{ {}:",
        service.module
    );
    for operation in &service.table.operations {
        let _ = writeln!(text, "            {} {},", names::snake(&operation.name), operation.name);
    }
    text.push_str("        }\n    };\n}\n\n#[cfg(any(test, fuzzing))]\npub(crate) use each_operation;\n");
}

fn output(operation: &Operation) -> &str {
    operation.output_shape.as_deref().map_or("()", names::type_name)
}

/// The service's module: all of its files under one name.
pub fn module_file<'a>(files: impl Iterator<Item = &'a String>) -> String {
    let modules: Vec<&str> = files.filter_map(|file| file.strip_suffix(".rs")).collect();
    let mut text = format!("{HEADER}\n");
    for module in &modules {
        let _ = writeln!(text, "mod {module};");
    }
    text.push('\n');
    for module in &modules {
        let _ = writeln!(text, "pub use {module}::*;");
    }
    text
}
