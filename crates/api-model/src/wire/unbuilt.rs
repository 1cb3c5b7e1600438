//! How an implementation of a service's trait says which operations it does not have yet.
//!
//! The list is written once, as a macro that hands it on, and used twice:
//!
//! ```
//! use postern_api_model::apigatewaymanagementapi::{ApiGatewayManagementApi, Operation};
//!
//! macro_rules! unbuilt {
//!     ($then:ident) => {
//!         postern_api_model::$then! { apigatewaymanagementapi:
//!             delete_connection DeleteConnection,
//!             get_connection GetConnection,
//!             post_to_connection PostToConnection,
//!         }
//!     };
//! }
//!
//! struct Connections;
//!
//! /// Checked before an input is read: an unbuilt operation answers 501 whatever its input.
//! const UNBUILT: &[Operation] = unbuilt!(unbuilt_operations);
//!
//! impl ApiGatewayManagementApi for Connections {
//!     unbuilt!(unbuilt_methods);
//! }
//!
//! assert!(UNBUILT.contains(&Operation::GetConnection));
//! ```

/// The methods of a service's trait that answer 501, for use inside its `impl`. See the module's example in the source.
#[macro_export]
macro_rules! unbuilt_methods {
    ($service:ident: $($method:ident $operation:ident,)*) => {
        $(async fn $method(
            &self,
            _caller: &$crate::scope::Caller,
            _input: <$crate::$service::op::$operation as $crate::$service::OperationTypes>::Input,
        ) -> $crate::error::ApiResult<<$crate::$service::op::$operation as $crate::$service::OperationTypes>::Output> {
            Err($crate::error::ApiError::not_implemented(stringify!($operation)))
        })*
    };
}

/// The same list as a `&'static [Operation]`.
#[macro_export]
macro_rules! unbuilt_operations {
    ($service:ident: $($method:ident $operation:ident,)*) => {
        &[$($crate::$service::Operation::$operation),*]
    };
}
