use files::{BlobError, Refused, SpoolError};
use kernel::AttachmentId;
use proto::workflow::v1::ErrorReason as R;
use tonic::Code::{FailedPrecondition, InvalidArgument, NotFound, OutOfRange, Unavailable};

use crate::{
    error::{OnTheWire, WorkflowError},
    store::attachments::Unfit,
};

/// Why a file is not taken, or not given.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttachmentError {
    #[error("there is no such file")]
    NotFound(AttachmentId),
    #[error(transparent)]
    Spool(SpoolError),
    #[error(transparent)]
    Refused(Refused),
    #[error("other bytes came than the header said")]
    Differs,
    #[error("there are as many files as there may be")]
    TooMany { max: i64 },
    #[error("the firm's files would take more room than it has")]
    QuotaExceeded { max_bytes: i64 },
    #[error("the file was not scanned yet")]
    Quarantined(AttachmentId),
    #[error("the scanner found something in the file")]
    Infected(AttachmentId),
    #[error("a step refers to the file")]
    Referred(AttachmentId),
    #[error("that part is not in the file")]
    RangeInvalid { n_bytes: i64 },
    #[error("the store of files does not serve")]
    Store(#[source] BlobError),
    #[error("the file could not be looked into")]
    Inspection(#[source] std::io::Error),
}

impl AttachmentError {
    /// `None`: our own fault.
    pub(crate) fn wire(&self) -> Option<OnTheWire> {
        let of = |id: &AttachmentId| vec![("attachment_id", id.to_string())];
        Some(match self {
            Self::NotFound(id) => (NotFound, R::AttachmentNotFound, of(id)),
            Self::Spool(SpoolError::TooLarge { max_bytes }) => {
                (InvalidArgument, R::AttachmentTooLarge, vec![("max_bytes", max_bytes.to_string())])
            }
            Self::Refused(Refused::Unknown) => (InvalidArgument, R::AttachmentTypeUnknown, vec![]),
            Self::Refused(Refused::Mismatch { found, extension }) => (
                InvalidArgument,
                R::AttachmentTypeMismatch,
                vec![("extension", extension.clone()), ("media_type", found.name().to_owned())],
            ),
            Self::Refused(Refused::Content { found, why }) => (
                InvalidArgument,
                R::AttachmentContentRefused,
                vec![("media_type", found.name().to_owned()), ("why", why.name().to_owned())],
            ),
            Self::Differs => (InvalidArgument, R::AttachmentDiffers, vec![]),
            Self::TooMany { max } => {
                (FailedPrecondition, R::AttachmentsTooMany, vec![("max", max.to_string())])
            }
            Self::QuotaExceeded { max_bytes } => {
                (FailedPrecondition, R::AttachmentQuotaExceeded, vec![("max_bytes", max_bytes.to_string())])
            }
            Self::Quarantined(id) => (FailedPrecondition, R::AttachmentQuarantined, of(id)),
            Self::Infected(id) => (FailedPrecondition, R::AttachmentInfected, of(id)),
            Self::Referred(id) => (FailedPrecondition, R::AttachmentReferred, of(id)),
            Self::RangeInvalid { n_bytes } => {
                (OutOfRange, R::AttachmentRangeInvalid, vec![("size_bytes", n_bytes.to_string())])
            }
            Self::Store(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "the store of files does not serve");
                (Unavailable, R::AttachmentStoreUnavailable, vec![])
            }
            Self::Spool(SpoolError::Disk(_)) | Self::Inspection(_) => return None,
        })
    }
}

impl From<Unfit> for WorkflowError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Missing(id) => AttachmentError::NotFound(id).into(),
            Unfit::Infected(id) => AttachmentError::Infected(id).into(),
            Unfit::Store(error) => error.into(),
        }
    }
}
