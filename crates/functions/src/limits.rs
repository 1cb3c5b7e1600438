//! What is bounded, and by how much.

use std::time::Duration;

/// AWS's for an event that the caller waits for (6 MiB).
pub const REQUEST_BYTES_MAX: usize = 6 * 1024 * 1024;
/// AWS's for an event that nobody waits for (1 MiB; the service model says so).
pub const EVENT_REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// AWS's for a result (6 MiB and 100 bytes, as its Runtime API's refusal says).
pub const RESPONSE_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;
/// AWS's for a streamed result (200 MB).
pub const STREAMED_BYTES_MAX: u64 = 200 * 1024 * 1024;
/// What is read of a result that is too long already, so that its sender reads our refusal before its own connection breaks.
pub const DISCARDED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// AWS's for what a client adds to the context (3,583 bytes of base64).
pub const CLIENT_CONTEXT_BYTES_MAX: usize = 3_583;
/// AWS's for the end of the log that a caller may ask for.
pub const LOG_TAIL_BYTES_MAX: usize = 4 * 1024;
/// A line of output that is longer becomes several: the largest event that AWS's log service takes.
pub const LOG_LINE_BYTES_MAX: usize = 256 * 1024;

/// Calls of one function that wait for a process. AWS has no queue: it would run 1,000 at once in an account.
pub const WAITING_MAX: usize = 2_000;
/// Their events together, in KiB: what a small machine can spare.
pub const WAITING_KIB_MAX: usize = 256 * 1024;
/// The longest that a call waits for a process: past this, nobody does any more.
pub const WAIT_TIMEOUT: Duration = Duration::from_secs(300);

/// AWS's for the start of a process until it asks for its first event.
pub const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the last requests of a process that has ended may take to be read.
pub const EXIT_GRACE: Duration = Duration::from_millis(500);
/// After the second failed start in a row; doubled with each one more.
pub const BACK_OFF_MIN: Duration = Duration::from_millis(100);
/// Where somebody waits: AWS starts anew for every call, and an error that comes late helps nobody.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(1);
/// Where nobody waits, and a process is only to be kept warm.
pub const WARM_BACK_OFF_MAX: Duration = Duration::from_secs(30);

/// Connections of one process to its Runtime API: clients have one, or one for every request. What leaks them is cut off.
pub const CONNECTIONS_MAX: usize = 64;
/// Pieces of a streamed result that wait for its reader; past these the function waits.
pub const PIECES_MAX: usize = 16;
