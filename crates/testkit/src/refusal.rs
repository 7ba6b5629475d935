//! Reading a refusal as a client does: by code and reason.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// Code and reason of a refusal, as `(FailedPrecondition, "TRANSITION_NOT_ALLOWED")`.
pub fn reason(status: &Status) -> (Code, String) {
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    (status.code(), reason)
}

/// Names of the fields that a refusal complains of, in order.
pub fn bad_fields(status: &Status) -> Vec<String> {
    let details = status.get_details_bad_request();
    details.map(|bad| bad.field_violations.into_iter().map(|v| v.field).collect()).unwrap_or_default()
}
