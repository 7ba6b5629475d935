//! What must hold across the suite.
