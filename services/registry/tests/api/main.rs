//! The service through its RPCs, on both engines.
