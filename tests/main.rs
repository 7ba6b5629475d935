//! What must hold across the suite.

mod architecture;
mod contracts;
mod golden;
