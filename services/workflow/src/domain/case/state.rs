//! The words of the life of a case.

use crate::domain::named::named;

named! {
    /// Where a case stands.
    State {
        /// 待评审
        Nominated = "NOMINATED",
        /// 待发布
        Accepted = "ACCEPTED",
        /// 已发布
        Published = "PUBLISHED",
        /// 未入选
        Rejected = "REJECTED",
        /// 已撤回
        Withdrawn = "WITHDRAWN",
    }
}

named! {
    /// A step, in the order of the life of a case.
    Action {
        Nominate = "NOMINATE",
        Review = "REVIEW",
        Publish = "PUBLISH",
        Withdraw = "WITHDRAW",
    }
}

named! {
    /// How far a case is an example.
    Level {
        County = "COUNTY",
        City = "CITY",
        Province = "PROVINCE",
    }
}

named! {
    /// What a reviewer decides.
    Decision {
        Accepted = "ACCEPTED",
        Rejected = "REJECTED",
    }
}

named! {
    /// What a text is in its event.
    TextField {
        Title = "TITLE",
        Text = "TEXT",
        ReviewReason = "REVIEW_REASON",
        WithdrawReason = "WITHDRAW_REASON",
    }
}

impl State {
    /// Whether the issue can have no other case beside one in this state.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Rejected | Self::Withdrawn)
    }
}
