//! The operations, one file per noun, and per service one table that says which function is which operation.

pub(crate) mod apigateway;
mod apigatewaymanagementapi;
mod apigatewayv2;
