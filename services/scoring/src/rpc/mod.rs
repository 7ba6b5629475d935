//! The RPCs of scoring, one file each. All of them read.

mod check_ledger;
mod convert;
mod get_balance;
mod get_board;
mod get_entry;
mod get_rule;
mod list_entries;
mod list_rules;

use std::sync::Arc;

use kernel::{Clock, PageKey};
use proto::scoring::v1::{
    self as pb, ledger_service_server::LedgerServiceServer, ranking_service_server::RankingServiceServer,
    rule_service_server::RuleServiceServer,
};
use runtime::Deps;
use store::Db;
use tonic::service::RoutesBuilder;

use crate::domain::RuleBook;

/// What every RPC of the service stands on.
#[derive(Debug, Clone)]
pub(crate) struct Rpc {
    db: Db,
    clock: Arc<dyn Clock>,
    page_key: PageKey,
    rules: Arc<RuleBook>,
    max_request_bytes: usize,
    max_response_bytes: usize,
}

impl Rpc {
    pub(crate) fn new(deps: &Deps, rules: Arc<RuleBook>) -> Self {
        Self {
            db: deps.db.clone(),
            clock: Arc::clone(&deps.clock),
            page_key: deps.page_key.clone(),
            rules,
            max_request_bytes: deps.limits.max_request_bytes,
            max_response_bytes: deps.limits.max_response_bytes,
        }
    }

    pub(crate) fn add_to(self, routes: &mut RoutesBuilder) {
        macro_rules! add {
            ($($server:ident)*) => {$(
                routes.add_service(
                    $server::new(self.clone())
                        .max_decoding_message_size(self.max_request_bytes)
                        .max_encoding_message_size(self.max_response_bytes),
                );
            )*};
        }
        add! { LedgerServiceServer RankingServiceServer RuleServiceServer }
    }
}

impl rpc::Service for Rpc {
    fn db(&self) -> &Db {
        &self.db
    }
}

rpc::service! {
    impl pb::ledger_service_server::LedgerService, for Rpc;
    query {
        get_balance(pb::GetBalanceRequest) -> pb::GetBalanceResponse = get_balance::handle;
        list_entries(pb::ListEntriesRequest) -> pb::ListEntriesResponse = list_entries::handle;
        get_entry(pb::GetEntryRequest) -> pb::GetEntryResponse = get_entry::handle;
        check_ledger(pb::CheckLedgerRequest) -> pb::CheckLedgerResponse = check_ledger::handle;
    }
}

rpc::service! {
    impl pb::ranking_service_server::RankingService, for Rpc;
    query {
        get_board(pb::GetBoardRequest) -> pb::GetBoardResponse = get_board::handle;
    }
}

rpc::service! {
    impl pb::rule_service_server::RuleService, for Rpc;
    query {
        list_rules(pb::ListRulesRequest) -> pb::ListRulesResponse = list_rules::handle;
        get_rule(pb::GetRuleRequest) -> pb::GetRuleResponse = get_rule::handle;
    }
}
