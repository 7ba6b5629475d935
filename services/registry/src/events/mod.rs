//! What the registry tells the other services. It listens to none of them.

pub(crate) mod publish;
