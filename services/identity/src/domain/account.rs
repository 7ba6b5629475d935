//! Accounts: the people who sign in.

use kernel::{AccountId, Timestamp, Version};

use super::{Refused, one_line, text_type};

text_type! {
    /// Name to sign in with.
    LoginName = login_name, "must be 3 to 64 of a-z, 0-9, '.', '_', '-' and '@', a letter or digit first"
}

text_type! {
    /// Name that others see.
    DisplayName = |raw| one_line(raw, 1, 60), "must have 1 to 60 characters on one line"
}

text_type! {
    /// Mobile number of mainland China.
    Phone = phone, "must be a mobile number of eleven digits beginning with 1"
}

text_type! {
    /// E-mail address.
    Email = email, "must be an e-mail address of at most 254 characters"
}

impl Phone {
    /// As `138****5678`.
    pub fn masked(&self) -> String {
        format!("{}****{}", &self.0[..3], &self.0[7..])
    }
}

impl Email {
    /// As `z***@example.cn`.
    pub fn masked(&self) -> String {
        let (local, host) = self.0.split_once('@').expect("parsed in `email`");
        let first = local.chars().next().expect("parsed in `email`");
        format!("{first}***@{host}")
    }
}

/// Where a person can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    pub phone: Option<Phone>,
    pub email: Option<Email>,
}

/// Whether an account may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    Active,
    Disabled,
}

/// A person who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub login_name: LoginName,
    pub display_name: DisplayName,
    pub contact: Contact,
    pub state: AccountState,
    pub must_change_password: bool,
    pub created_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
    pub version: Version,
}

/// What an account is made of.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub login_name: LoginName,
    pub display_name: DisplayName,
    pub contact: Contact,
}

/// What is to become of a value that may be absent.
#[derive(Debug, Clone, Default)]
pub enum Change<T> {
    #[default]
    Keep,
    Set(T),
    Clear,
}

/// What is to change; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct ContactChange {
    pub display_name: Option<DisplayName>,
    pub phone: Change<Phone>,
    pub email: Change<Email>,
}

impl<T: PartialEq> Change<T> {
    /// Makes the change; answers whether it was one.
    fn apply(self, value: &mut Option<T>) -> bool {
        let to = match self {
            Self::Keep => return false,
            Self::Set(to) => Some(to),
            Self::Clear => None,
        };
        let differs = *value != to;
        *value = to;
        differs
    }
}

impl<T> From<Option<T>> for Change<T> {
    /// What a field of a request says that was named as to be changed: empty clears.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}

impl Account {
    /// An account whose initial password must be changed.
    pub fn create(id: AccountId, new: NewAccount, now: Timestamp) -> Self {
        let NewAccount { login_name, display_name, contact } = new;
        Self {
            id,
            login_name,
            display_name,
            contact,
            state: AccountState::Active,
            must_change_password: true,
            created_at: now,
            last_login_at: None,
            version: Version::FIRST,
        }
    }

    /// The account after the change and the names of the fields that differ; `None` if nothing does.
    pub fn update(&self, change: ContactChange) -> Option<(Self, Vec<&'static str>)> {
        let ContactChange { display_name, phone, email } = change;
        let mut next = self.clone();
        let mut fields = Vec::new();
        if let Some(display_name) = display_name.filter(|name| *name != self.display_name) {
            next.display_name = display_name;
            fields.push("display_name");
        }
        if phone.apply(&mut next.contact.phone) {
            fields.push("phone");
        }
        if email.apply(&mut next.contact.email) {
            fields.push("email");
        }
        if fields.is_empty() {
            return None;
        }
        next.version = self.version.next();
        Some((next, fields))
    }

    pub fn disable(&self, by: AccountId) -> Result<Self, Refused> {
        self.not_by_oneself(by)?;
        self.require_active()?;
        Ok(self.with_state(AccountState::Disabled))
    }

    pub fn enable(&self, by: AccountId) -> Result<Self, Refused> {
        self.not_by_oneself(by)?;
        match self.state {
            AccountState::Active => Err(Refused::AccountActive(self.id)),
            AccountState::Disabled => Ok(self.with_state(AccountState::Active)),
        }
    }

    /// The account after its owner chose a password.
    #[must_use]
    pub fn password_changed(&self) -> Self {
        Self { must_change_password: false, version: self.version.next(), ..self.clone() }
    }

    pub fn require_active(&self) -> Result<(), Refused> {
        match self.state {
            AccountState::Active => Ok(()),
            AccountState::Disabled => Err(Refused::AccountDisabled(self.id)),
        }
    }

    fn not_by_oneself(&self, by: AccountId) -> Result<(), Refused> {
        if by == self.id { Err(Refused::OwnAccount) } else { Ok(()) }
    }

    fn with_state(&self, state: AccountState) -> Self {
        Self { state, version: self.version.next(), ..self.clone() }
    }
}

fn login_name(raw: &str) -> Option<String> {
    let letter_or_digit = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = (3..=64).contains(&raw.len())
        && letter_or_digit(raw.as_bytes()[0])
        && raw.bytes().all(|c| letter_or_digit(c) || b"._-@".contains(&c));
    fits.then(|| raw.to_owned())
}

fn phone(raw: &str) -> Option<String> {
    let fits = raw.len() == 11 && raw.starts_with('1') && raw.bytes().all(|c| c.is_ascii_digit());
    fits.then(|| raw.to_owned())
}

/// Looks at the shape alone; whether the address works is known when a message arrives.
fn email(raw: &str) -> Option<String> {
    let (local, host) = raw.split_once('@')?;
    let fits = raw.len() <= 254
        && (1..=64).contains(&local.len())
        && raw.bytes().all(|c| c.is_ascii_graphic())
        && !raw.contains(['<', '>', '"', ',', ';', ':', '\\', '(', ')'])
        && host.contains('.')
        && !host.contains('@')
        && host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    fits.then(|| raw.to_owned())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn account(version: i64) -> Account {
        let new = NewAccount {
            login_name: "li.wei".parse().unwrap(),
            display_name: "李伟".parse().unwrap(),
            contact: Contact { phone: Some("13812345678".parse().unwrap()), email: None },
        };
        let created = Account::create(AccountId::new(Uuid::from_u128(1)), new, Timestamp::UNIX_EPOCH);
        Account { version: Version::new(version), ..created }
    }

    #[test]
    fn a_login_name_has_one_spelling() {
        for good in ["abc", "li.wei", "1a_b-c@x.cn", &"a".repeat(64)] {
            assert!(good.parse::<LoginName>().is_ok(), "{good}");
        }
        for bad in ["", "ab", "Abc", ".abc", " abc", "abc ", "李伟伟", "a b c", &"a".repeat(65)] {
            assert!(bad.parse::<LoginName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn contacts_are_masked_so_that_they_cannot_be_used() {
        assert_eq!("13812345678".parse::<Phone>().unwrap().masked(), "138****5678");
        assert_eq!("zhang@example.cn".parse::<Email>().unwrap().masked(), "z***@example.cn");
    }

    #[test]
    fn malformed_contacts_are_refused() {
        for bad in ["", "1381234567", "138123456789", "23812345678", "1381234567x", "１３８１２３４５６７８"]
        {
            assert!(bad.parse::<Phone>().is_err(), "{bad}");
        }
        for bad in [
            "", "a", "@b.cn", "a@", "a@b", "a@b..cn", "a b@c.cn", "a@b@c.cn", "a<b@c.cn", "a\n@b.cn",
            "a@-b.cn",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_change_names_the_fields_that_differ() {
        let change = ContactChange {
            display_name: Some("李伟".parse().unwrap()),
            phone: Change::Clear,
            email: Change::Set("li@example.cn".parse().unwrap()),
        };
        let (next, fields) = account(3).update(change).unwrap();
        assert_eq!(fields, ["phone", "email"]);
        assert_eq!((next.version, next.contact.phone), (Version::new(4), None));
    }

    #[test]
    fn a_change_to_the_same_is_none() {
        let change =
            ContactChange { display_name: Some("李伟".parse().unwrap()), ..ContactChange::default() };
        assert_eq!(account(3).update(change), None);
    }

    #[test]
    fn nobody_disables_or_enables_their_own_account() {
        let own = account(1).id;
        assert_eq!(account(1).disable(own), Err(Refused::OwnAccount));
        assert_eq!(account(1).enable(own), Err(Refused::OwnAccount));
    }

    #[test]
    fn disable_and_enable_alternate() {
        let admin = AccountId::new(Uuid::from_u128(9));
        let id = account(1).id;
        assert_eq!(account(1).enable(admin), Err(Refused::AccountActive(id)));
        let disabled = account(1).disable(admin).unwrap();
        assert_eq!(disabled.disable(admin), Err(Refused::AccountDisabled(id)));
        let enabled = disabled.enable(admin).unwrap();
        assert_eq!((enabled.state, enabled.version), (AccountState::Active, Version::new(3)));
    }
}
