//! API keys and usage plans between the store and the data plane: [`StoreKeyLoader`] finds keys, [`StoreUsageSink`] keeps what was
//! counted, [`KeyWatch`] tells the data plane of changes, and [`Flushing`] stores the counts from time to time.

mod changes;
mod flush;
mod keys;
mod sink;

pub use changes::{KeyWatch, Touched};
pub use flush::Flushing;
pub use keys::StoreKeyLoader;
pub use sink::StoreUsageSink;
