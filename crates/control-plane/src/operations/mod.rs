//! The operations, one file per noun, and per service one table that says which function is which operation.

pub(crate) mod apigateway;
mod apigatewaymanagementapi;
mod apigatewayv2;

/// Writes a trait method for each operation that hands its input to the function of its noun; the module it is used in has the
/// service's `OperationTypes` and `op` in scope.
macro_rules! built {
    ($($method:ident $operation:ident => $noun:ident::$function:ident;)+) => {
        $(
            async fn $method(&self, caller: &Caller, input: <op::$operation as OperationTypes>::Input)
                -> ApiResult<<op::$operation as OperationTypes>::Output>
            {
                $noun::$function(self, caller, input).await
            }
        )+
    };
}

use built;
