//! Enterprises.

use kernel::{EnterpriseId, Timestamp, Version};

use super::{
    codes::{DivisionCode, IndustryCode},
    refused::Refused,
    scale::{Indicators, Scale, scale},
    text::{Address, EnterpriseName},
    uscc::Uscc,
};

/// An enterprise that is, or was, served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Enterprise {
    pub id: EnterpriseId,
    pub uscc: Uscc,
    pub details: Details,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Since when it is no longer served.
    pub retired_at: Option<Timestamp>,
    /// Grows by one with each event of the enterprise, its members' comings and goings included.
    pub version: Version,
}

/// What may be changed about an enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Details {
    pub name: EnterpriseName,
    pub industry: IndustryCode,
    pub division: DivisionCode,
    pub address: Address,
    pub indicators: Indicators,
}

/// A new value for one of the details.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Name(EnterpriseName),
    Industry(IndustryCode),
    Division(DivisionCode),
    Address(Address),
    Employees(Option<i64>),
    RevenueYuan(Option<i64>),
    AssetsYuan(Option<i64>),
}

impl Details {
    /// Sets one of them.
    fn set(&mut self, change: Change) {
        match change {
            Change::Name(name) => self.name = name,
            Change::Industry(industry) => self.industry = industry,
            Change::Division(division) => self.division = division,
            Change::Address(address) => self.address = address,
            Change::Employees(employees) => self.indicators.employees = employees,
            Change::RevenueYuan(revenue) => self.indicators.revenue_yuan = revenue,
            Change::AssetsYuan(assets) => self.indicators.assets_yuan = assets,
        }
    }

    /// Names of the contract's fields that hold something else in `other`, sorted.
    fn differing_fields(&self, other: &Self) -> Vec<&'static str> {
        let differing = [
            ("address", self.address != other.address),
            ("assets_yuan", self.indicators.assets_yuan != other.indicators.assets_yuan),
            ("division_code", self.division != other.division),
            ("employees", self.indicators.employees != other.indicators.employees),
            ("industry_code", self.industry != other.industry),
            ("name", self.name != other.name),
            ("revenue_yuan", self.indicators.revenue_yuan != other.indicators.revenue_yuan),
        ];
        differing.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
    }
}

impl Enterprise {
    pub(crate) fn new(id: EnterpriseId, uscc: Uscc, details: Details, now: Timestamp) -> Self {
        Self {
            id,
            uscc,
            details,
            created_at: now,
            updated_at: now,
            retired_at: None,
            version: Version::FIRST,
        }
    }

    /// Its size; `None` when that cannot be told.
    pub(crate) fn scale(&self) -> Option<Scale> {
        scale(&self.details.industry, self.details.indicators)
    }

    /// Refuses what is done for a served enterprise alone.
    pub(crate) fn expect_active(&self) -> Result<(), Refused> {
        match self.retired_at {
            None => Ok(()),
            Some(_) => Err(Refused::EnterpriseRetired(self.id)),
        }
    }

    /// The enterprise with the changes, and the names of the contract's fields that now hold something else.
    /// Without any such field the enterprise is as it was, its version included.
    pub(crate) fn update(
        &self,
        changes: Vec<Change>,
        now: Timestamp,
    ) -> Result<(Self, Vec<&'static str>), Refused> {
        self.expect_active()?;
        let mut details = self.details.clone();
        for change in changes {
            details.set(change);
        }
        let changed_fields = self.details.differing_fields(&details);
        if changed_fields.is_empty() {
            return Ok((self.clone(), changed_fields));
        }
        Ok((Self { details, ..self.touch(now) }, changed_fields))
    }

    /// The enterprise, no longer served, `n_removed` members being removed before it.
    pub(crate) fn retire(&self, n_removed: usize, now: Timestamp) -> Result<Self, Refused> {
        self.expect_active()?;
        let before = (0..n_removed).fold(self.clone(), |enterprise, _| enterprise.touch(now));
        Ok(Self { retired_at: Some(now), ..before.touch(now) })
    }

    /// The enterprise after one more event.
    #[must_use]
    pub(crate) fn touch(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version.next(), ..self.clone() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn dairy() -> Enterprise {
        let details = Details {
            name: "青岛乳业有限公司".parse().unwrap(),
            industry: "C1441".parse().unwrap(),
            division: "370281101".parse().unwrap(),
            address: "泉州路 1 号".parse().unwrap(),
            indicators: Indicators {
                employees: Some(320),
                revenue_yuan: Some(50_000_000),
                assets_yuan: None,
            },
        };
        let id = EnterpriseId::new(uuid::Uuid::from_u128(7));
        Enterprise::new(id, "91370281MA30000100".parse().unwrap(), details, at(0))
    }

    pub(crate) fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_772_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn an_update_names_the_fields_that_hold_something_else() {
        let changes = vec![
            Change::Name("青岛乳业股份有限公司".parse().unwrap()),
            Change::Address(dairy().details.address),
            Change::Employees(Some(19)),
        ];
        let (updated, fields) = dairy().update(changes, at(60)).unwrap();
        assert_eq!(fields, ["employees", "name"]);
        assert_eq!(
            (updated.version, updated.updated_at, updated.created_at),
            (Version::new(2), at(60), at(0))
        );
        assert_eq!((dairy().scale(), updated.scale()), (Some(Scale::Medium), Some(Scale::Micro)));
    }

    #[test]
    fn an_update_to_the_same_values_is_no_new_version() {
        let same = vec![Change::Employees(Some(320)), Change::AssetsYuan(None)];
        assert_eq!(dairy().update(same, at(60)), Ok((dairy(), vec![])));
    }

    #[test]
    fn a_retired_enterprise_stays_as_it_is() {
        let retired = dairy().retire(2, at(1)).unwrap();
        assert_eq!((retired.version, retired.retired_at), (Version::new(4), Some(at(1))));
        let refused = Refused::EnterpriseRetired(retired.id);
        assert_eq!(retired.update(vec![], at(2)), Err(refused.clone()));
        assert_eq!(retired.retire(0, at(2)), Err(refused));
    }
}
