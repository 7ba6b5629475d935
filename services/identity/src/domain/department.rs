//! Departments, their sections, and who is on duty in them.

use kernel::{AccountId, DepartmentId, SectionId, Timestamp, Version};

use super::{Refused, one_line, text_type};

text_type! {
    /// Short name of a department for routing, as `police`.
    DepartmentCode = code, "must be 2 to 32 of a-z, 0-9 and '-', a letter first"
}

text_type! {
    /// Chinese name of a department or section.
    OrganizationName = |raw| one_line(raw, 1, 60), "must have 1 to 60 characters on one line"
}

text_type! {
    /// Division after GB/T 2260.
    DivisionCode = division, "must be six digits, the first of them not 0"
}

/// A post in a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Post {
    Liaison,
    /// Acts when the liaison does not.
    Deputy,
}

/// A department of the municipality (部门).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    pub id: DepartmentId,
    pub code: DepartmentCode,
    pub name: OrganizationName,
    pub division: DivisionCode,
    pub liaison: Option<AccountId>,
    pub deputy: Option<AccountId>,
    pub created_at: Timestamp,
    pub version: Version,
}

/// Whose time in a post ends, and whose begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turnover {
    pub ends: Vec<Post>,
    pub begins: Option<(Post, AccountId)>,
}

impl Department {
    pub fn create(
        id: DepartmentId,
        code: DepartmentCode,
        name: OrganizationName,
        division: DivisionCode,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            code,
            name,
            division,
            liaison: None,
            deputy: None,
            created_at: now,
            version: Version::FIRST,
        }
    }

    /// `None` if that is its name.
    pub fn rename(&self, name: OrganizationName) -> Option<Self> {
        (name != self.name).then(|| Self { name, version: self.version.next(), ..self.clone() })
    }

    pub fn holder(&self, post: Post) -> Option<AccountId> {
        match post {
            Post::Liaison => self.liaison,
            Post::Deputy => self.deputy,
        }
    }

    /// Gives the post to an account; whoever had it ceases to, and if the account had the other post, that falls
    /// vacant. `qualified`: the account is active and holds the role LIAISON for this department. `None` if the
    /// account has the post already.
    pub fn give(
        &self,
        post: Post,
        account: AccountId,
        qualified: bool,
    ) -> Result<Option<(Self, Turnover)>, Refused> {
        if !qualified {
            return Err(Refused::LiaisonRoleMissing { account, department: self.id });
        }
        if self.holder(post) == Some(account) {
            return Ok(None);
        }
        let (mut next, mut turnover) = self.without(|at, holder| at == post || holder == account);
        *next.post_mut(post) = Some(account);
        next.version = self.version.next();
        turnover.begins = Some((post, account));
        Ok(Some((next, turnover)))
    }

    /// Takes every post from an account that may not hold one any longer; `None` if it has none.
    pub fn vacate(&self, account: AccountId) -> Option<(Self, Turnover)> {
        let (next, turnover) = self.without(|_, holder| holder == account);
        if turnover.ends.is_empty() {
            return None;
        }
        Some((Self { version: self.version.next(), ..next }, turnover))
    }

    fn without(&self, goes: impl Fn(Post, AccountId) -> bool) -> (Self, Turnover) {
        let mut next = self.clone();
        let mut turnover = Turnover::default();
        for post in [Post::Liaison, Post::Deputy] {
            if self.holder(post).is_some_and(|holder| goes(post, holder)) {
                *next.post_mut(post) = None;
                turnover.ends.push(post);
            }
        }
        (next, turnover)
    }

    fn post_mut(&mut self, post: Post) -> &mut Option<AccountId> {
        match post {
            Post::Liaison => &mut self.liaison,
            Post::Deputy => &mut self.deputy,
        }
    }
}

/// A section of a department (科室).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub id: SectionId,
    pub department: DepartmentId,
    pub name: OrganizationName,
    pub created_at: Timestamp,
    pub version: Version,
}

impl Section {
    pub fn create(id: SectionId, department: DepartmentId, name: OrganizationName, now: Timestamp) -> Self {
        Self { id, department, name, created_at: now, version: Version::FIRST }
    }

    /// `None` if that is its name.
    pub fn rename(&self, name: OrganizationName) -> Option<Self> {
        (name != self.name).then(|| Self { name, version: self.version.next(), ..self.clone() })
    }
}

fn code(raw: &str) -> Option<String> {
    let fits = (2..=32).contains(&raw.len())
        && raw.as_bytes()[0].is_ascii_lowercase()
        && raw.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    fits.then(|| raw.to_owned())
}

fn division(raw: &str) -> Option<String> {
    let fits = raw.len() == 6 && !raw.starts_with('0') && raw.bytes().all(|c| c.is_ascii_digit());
    fits.then(|| raw.to_owned())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn account(n: u128) -> AccountId {
        AccountId::new(Uuid::from_u128(n))
    }

    fn police() -> Department {
        let id = DepartmentId::new(Uuid::from_u128(1));
        let (code, division) = ("police".parse().unwrap(), "321200".parse().unwrap());
        Department::create(id, code, "公安局".parse().unwrap(), division, Timestamp::UNIX_EPOCH)
    }

    fn given(department: &Department, post: Post, account: AccountId) -> (Department, Turnover) {
        department.give(post, account, true).unwrap().unwrap()
    }

    #[test]
    fn a_new_liaison_ends_the_time_of_the_old_one() {
        let (first, turnover) = given(&police(), Post::Liaison, account(1));
        assert_eq!(turnover, Turnover { ends: vec![], begins: Some((Post::Liaison, account(1))) });
        let (second, turnover) = given(&first, Post::Liaison, account(2));
        assert_eq!(
            turnover,
            Turnover { ends: vec![Post::Liaison], begins: Some((Post::Liaison, account(2))) }
        );
        assert_eq!((second.liaison, second.version), (Some(account(2)), Version::new(3)));
    }

    #[test]
    fn a_deputy_who_becomes_liaison_is_deputy_no_longer() {
        let (department, _) = given(&police(), Post::Liaison, account(1));
        let (department, _) = given(&department, Post::Deputy, account(2));
        let (department, turnover) = given(&department, Post::Liaison, account(2));
        assert_eq!((department.liaison, department.deputy), (Some(account(2)), None));
        assert_eq!(turnover.ends, [Post::Liaison, Post::Deputy]);
    }

    #[test]
    fn a_post_gives_no_right_that_was_not_granted() {
        let refused = police().give(Post::Deputy, account(1), false);
        let department = police().id;
        assert_eq!(refused, Err(Refused::LiaisonRoleMissing { account: account(1), department }));
    }

    #[test]
    fn the_same_liaison_again_changes_nothing() {
        let (department, _) = given(&police(), Post::Liaison, account(1));
        assert_eq!(department.give(Post::Liaison, account(1), true), Ok(None));
    }

    #[test]
    fn only_the_posts_of_the_one_who_goes_fall_vacant() {
        let (department, _) = given(&police(), Post::Liaison, account(1));
        let (department, _) = given(&department, Post::Deputy, account(2));
        assert_eq!(department.vacate(account(3)), None);
        let (after, turnover) = department.vacate(account(1)).unwrap();
        assert_eq!((after.liaison, after.deputy), (None, Some(account(2))));
        assert_eq!((turnover.ends, after.version), (vec![Post::Liaison], department.version.next()));
    }

    #[test]
    fn codes_have_one_spelling() {
        for bad in ["", "p", "Police", "1st", "po lice", "-police", "警察"] {
            assert!(bad.parse::<DepartmentCode>().is_err(), "{bad}");
        }
        for bad in ["", "32120", "3212000", "032120", "32120x"] {
            assert!(bad.parse::<DivisionCode>().is_err(), "{bad}");
        }
    }
}
