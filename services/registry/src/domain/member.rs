//! The people who act for an enterprise.

use kernel::{AccountId, EnterpriseId, MemberId, Timestamp, Version};

use super::{appointment::Course, enterprise::Enterprise, refused::Refused, text::MemberTitle};

/// An account acting for an enterprise from `added_at` until `removed_at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub id: MemberId,
    pub enterprise: EnterpriseId,
    pub account: AccountId,
    pub title: MemberTitle,
    pub added_at: Timestamp,
    pub removed_at: Option<Timestamp>,
    pub version: Version,
}

impl Member {
    /// Lets an account act for an enterprise, unless it manages the enterprise today or will later.
    pub(crate) fn add(
        id: MemberId,
        enterprise: &Enterprise,
        account: AccountId,
        title: MemberTitle,
        course: &Course,
        now: Timestamp,
    ) -> Result<Self, Refused> {
        enterprise.expect_active()?;
        if course.has_manager_from(account, super::day::of(now)) {
            return Err(Refused::ManagerIsMember { enterprise: enterprise.id, account });
        }
        Ok(Self {
            id,
            enterprise: enterprise.id,
            account,
            title,
            added_at: now,
            removed_at: None,
            version: Version::FIRST,
        })
    }

    pub(crate) fn remove(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.removed_at.is_some() {
            return Err(Refused::MemberRemoved(self.id));
        }
        Ok(Self { removed_at: Some(now), version: self.version.next(), ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use kernel::AppointmentId;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        appointment::{End, EndReason},
        day,
        enterprise::tests::{at, dairy},
    };

    fn account(number: u128) -> AccountId {
        AccountId::new(Uuid::from_u128(number))
    }

    fn add(enterprise: &Enterprise, course: &Course) -> Result<Member, Refused> {
        let title = "法定代表人".parse().unwrap();
        Member::add(MemberId::new(Uuid::from_u128(1)), enterprise, account(5), title, course, at(0))
    }

    #[test]
    fn a_membership_ends_once() {
        let member = add(&dairy(), &Course::default()).unwrap();
        let removed = member.remove(at(9)).unwrap();
        assert_eq!((removed.removed_at, removed.version), (Some(at(9)), Version::new(2)));
        assert_eq!(removed.remove(at(10)), Err(Refused::MemberRemoved(member.id)));
    }

    #[test]
    fn nobody_becomes_a_member_of_a_retired_enterprise() {
        let retired = dairy().retire(0, at(0)).unwrap();
        assert_eq!(add(&retired, &Course::default()), Err(Refused::EnterpriseRetired(retired.id)));
    }

    #[test]
    fn the_enterprises_manager_does_not_act_for_it_but_a_former_one_may() {
        let today = day::of(at(0));
        let id = AppointmentId::new(Uuid::from_u128(2));
        let managed = |from, end| {
            let appointment =
                Course::default().appoint(id, dairy().id, account(5), from, end, at(0)).unwrap();
            Course::new(vec![appointment])
        };
        let refused = Err(Refused::ManagerIsMember { enterprise: dairy().id, account: account(5) });
        assert_eq!(add(&dairy(), &managed(today, None)), refused);
        assert_eq!(add(&dairy(), &managed(today.succ_opt().unwrap(), None)), refused);
        assert!(
            add(
                &dairy(),
                &managed(today.pred_opt().unwrap(), Some(End { date: today, reason: EndReason::Ended }))
            )
            .is_ok()
        );
    }
}
