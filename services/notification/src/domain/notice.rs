//! What a notice is for, how it travels, in which language.

/// A code that no value has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known code")]
pub(crate) struct UnknownCode;

macro_rules! coded_enum {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As the database keeps it.
            pub(crate) const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::notice::UnknownCode;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.code() == text)
                    .ok_or($crate::domain::notice::UnknownCode)
            }
        }
    )*};
}

pub(crate) use coded_enum;

coded_enum! {
    /// What a notice is for.
    NoticeKind {
        /// The recipient has something to do.
        Task = "TASK",
        /// Something went on.
        Progress = "PROGRESS",
        /// Time runs out, or somebody urged.
        Reminder = "REMINDER",
    }

    /// How a notice travels.
    Channel {
        /// The inbox on the platform.
        InApp = "IN_APP",
        Email = "EMAIL",
        /// A line in the log, in place of e-mail where there is no mail server.
        Console = "CONSOLE",
    }

    /// Language of a text.
    Language {
        Chinese = "zh-CN",
        English = "en",
    }
}
