//! workflow service.
