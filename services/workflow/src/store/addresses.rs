//! The addresses that steps and exports came from. They are personal data: no entry of the trail holds them and no
//! export does, and they can be erased, since nothing guards this table against changes.

use kernel::Origin;
use store::{Batch, binds};
use uuid::Uuid;

/// Keeps the address that an event, or the export with this id, came from, if it came over a network.
pub(super) fn insert(batch: &mut Batch, id: Uuid, origin: &Origin) {
    if let Some(address) = origin.address {
        batch.add(
            "keep the address",
            "INSERT INTO client_address (event_id, address) VALUES ($1, $2)",
            binds![id, address.to_string()],
        );
    }
}

/// The program that a row names, with the address that is kept beside it.
pub(crate) fn shown(program: String, address: Option<String>) -> String {
    match address {
        Some(address) => format!("{program} @ {address}"),
        None => program,
    }
}
