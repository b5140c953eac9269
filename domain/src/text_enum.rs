//! Closed lists of values that are stored and sent as text: snake_case, but for tags of languages.

use crate::fault::Text;

/// A closed list of values, each with its text form and its label.
pub trait TextEnum: Copy + Sized + 'static {
    /// Name of the list in the contract: `CustomerKind`.
    const NAME: &'static str;
    /// What the list says, for readers of the contract.
    const DOC: &'static str;
    const ALL: &'static [Self];

    fn as_str(self) -> &'static str;
    fn label(self) -> Text;

    /// The value of this text form.
    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.as_str() == text)
    }
}

/// Declares an enum with its text forms and labels.
#[macro_export]
macro_rules! text_enum {
    ($(#[doc = $doc:literal])+ $name:ident as $wire:literal { $( $(#[$vdoc:meta])* $variant:ident = $text:literal { $zh:literal, $en:literal } )+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$vdoc])* $variant ),+ }

        impl $crate::text_enum::TextEnum for $name {
            const NAME: &'static str = $wire;
            const DOC: &'static str = concat!($($doc),+);
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            fn label(self) -> $crate::fault::Text {
                match self { $(Self::$variant => $crate::fault::Text { zh: $zh, en: $en }),+ }
            }
        }
    };
}
