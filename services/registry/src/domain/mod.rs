//! The rules of the registry, as pure functions over values: time, ids and what is stored are passed in.

pub(crate) mod appointment;
pub(crate) mod codes;
pub(crate) mod day;
pub(crate) mod enterprise;
pub(crate) mod figures;
pub(crate) mod member;
pub(crate) mod refused;
pub(crate) mod scale;
pub(crate) mod text;
pub(crate) mod uscc;
pub(crate) mod visit;
