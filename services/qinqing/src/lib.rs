//! The whole suite as a library: its modules by name, and the invented city of demonstrations, stories and tests.

pub mod city;
pub mod desk;
pub mod modules;
