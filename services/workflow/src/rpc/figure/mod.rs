//! Figures and the issues behind them.

use kernel::Timestamp;
use proto::{
    common::v1::Date,
    workflow::v1::{
        self as pb,
        figure_service_server::{FigureService, FigureServiceServer},
    },
};
use rpc::{Fields, Limits};
use tonic::service::RoutesBuilder;

use super::WorkflowRpc;
use crate::{
    domain::figure::{FigureId, Grouping, Question},
    error::WorkflowError,
};

mod drill_down;
mod get_public_figures;
mod list_figures;
mod query_figures;
mod reading;

pub(super) fn add_to(rpc: WorkflowRpc, routes: &mut RoutesBuilder, limits: &Limits) {
    let figures = FigureServiceServer::new(rpc)
        .max_decoding_message_size(limits.max_request_bytes)
        .max_encoding_message_size(limits.max_response_bytes);
    routes.add_service(figures);
}

rpc::service! {
    impl FigureService, for WorkflowRpc;
    query {
        list_figures(pb::ListFiguresRequest) -> pb::ListFiguresResponse = list_figures::handle;
        query_figures(pb::QueryFiguresRequest) -> pb::QueryFiguresResponse = query_figures::handle;
        drill_down(pb::DrillDownRequest) -> pb::DrillDownResponse = drill_down::handle;
        get_public_figures(pb::GetPublicFiguresRequest) -> pb::GetPublicFiguresResponse
            = get_public_figures::handle;
    }
}

/// The period and the moment that are asked about.
fn question(
    f: &mut Fields,
    start_date: Option<Date>,
    end_date: Option<Date>,
    as_of_time: Option<prost_types::Timestamp>,
    now: Timestamp,
) -> Option<Question> {
    let start = f.date_optional("start_date", start_date);
    let end = f.date_optional("end_date", end_date);
    let as_of = f.timestamp_optional("as_of_time", as_of_time);
    let question = Question::new(start, end, as_of, now);
    if question.is_none() {
        f.reject("end_date", "lies before start_date");
    }
    question
}

/// `None`: not grouped.
fn grouping(f: &mut Fields, group_by: i32) -> Option<Grouping> {
    Some(match f.enumeration_optional::<pb::FigureGrouping>("group_by", group_by)? {
        pb::FigureGrouping::Unspecified => return None,
        pb::FigureGrouping::Month => Grouping::Month,
        pb::FigureGrouping::Category => Grouping::Category,
        pb::FigureGrouping::Department => Grouping::Department,
        pb::FigureGrouping::Section => Grouping::Section,
        pb::FigureGrouping::Town => Grouping::Town,
        pb::FigureGrouping::Manager => Grouping::Manager,
    })
}

/// Refuses a figure whose issues belong to no group.
fn require_groups(figure: FigureId, grouping: Option<Grouping>) -> Result<(), WorkflowError> {
    match grouping {
        Some(grouping) if !figure.groups_by(grouping) => Err(WorkflowError::FigureNotGrouped(figure)),
        _ => Ok(()),
    }
}

/// The version of limits, as answers name it.
fn version(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

fn unknown(figure_id: &str) -> WorkflowError {
    WorkflowError::FigureUnknown(figure_id.chars().take(64).collect())
}
