//! The words of the life of an order: states, steps, and who has to act.

use crate::domain::named::named;

named! {
    /// Where an order stands.
    State {
        /// 待受理
        Placed = "PLACED",
        /// 待排期
        Accepted = "ACCEPTED",
        /// 待服务
        Scheduled = "SCHEDULED",
        /// 待评价
        Delivered = "DELIVERED",
        /// 已评价
        Rated = "RATED",
        /// 未评价: the window lapsed; never counted as satisfied.
        Unrated = "UNRATED",
        /// 已谢绝
        Declined = "DECLINED",
        /// 已取消
        Cancelled = "CANCELLED",
    }
}

named! {
    /// A step, in the order of the life of an order.
    Action {
        Place = "PLACE",
        Accept = "ACCEPT",
        Decline = "DECLINE",
        Schedule = "SCHEDULE",
        Reschedule = "RESCHEDULE",
        Deliver = "DELIVER",
        Rate = "RATE",
        LapseRating = "LAPSE_RATING",
        Cancel = "CANCEL",
        ReachRung = "REACH_RUNG",
        ChangeCalendar = "CHANGE_CALENDAR",
    }
}

named! {
    /// A clock of an order.
    ClockId {
        /// Accept: placed to accepted or declined.
        O1 = "O1",
        /// Schedule: accepted to scheduled.
        O2 = "O2",
        /// Deliver: scheduled to delivered, by the end of the scheduled day.
        O3 = "O3",
        /// Rating window: delivered to rated.
        O4 = "O4",
    }
}

named! {
    /// Who has to act.
    Holder {
        Nobody = "NOBODY",
        Liaison = "LIAISON",
        Firm = "FIRM",
    }
}

named! {
    /// What a text is in its event.
    TextField {
        Wish = "WISH",
        DeclineReason = "DECLINE_REASON",
        Place = "PLACE",
        ScheduleNote = "SCHEDULE_NOTE",
        RescheduleReason = "RESCHEDULE_REASON",
        DeliveryNote = "DELIVERY_NOTE",
        RatingComment = "RATING_COMMENT",
        CancelReason = "CANCEL_REASON",
    }
}

impl State {
    pub const fn holder(self) -> Holder {
        match self {
            Self::Placed | Self::Accepted | Self::Scheduled => Holder::Liaison,
            Self::Delivered => Holder::Firm,
            Self::Rated | Self::Unrated | Self::Declined | Self::Cancelled => Holder::Nobody,
        }
    }

    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Rated | Self::Unrated | Self::Declined | Self::Cancelled)
    }
}
